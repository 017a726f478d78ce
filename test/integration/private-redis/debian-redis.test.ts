/**
 * Debian's tools are stand-ins here, so that the suite says the same on every machine; the machine without Redis on which
 * the suite itself runs uses the real ones.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { debianRedis } from '../../../private-redis/debian-redis.ts'

const aptGet = `
echo "apt-get $*" >> "$CALLS"
case "$*" in
  *" update") exit "\${UPDATE_EXIT:-0}";;
  *" download "*)
    [ -z "$DOWNLOAD_FAULT" ] || { echo "$DOWNLOAD_FAULT" >&2; exit 100; }
    shift 4
    for name in "$@"; do : > "$name.deb"; done;;
esac
`

const aptCache = `
[ -z "$NOTHING_KNOWN" ] || exit 100
for name in "$@"; do
  case "$name" in
    redis-server) printf 'Package: redis-server\\nVersion: 1\\nDepends: redis-tools (= 1), lsb-base\\n\\n';;
    redis-tools) printf 'Package: redis-tools\\nVersion: 1\\nDepends: libc6, libfast2\\n\\n';;
    libfast2) printf 'Package: libfast2\\nVersion: 9\\nDepends: libc6\\n\\n';;
  esac
done
`

const dpkgQuery = `
for name in "$@"; do [ "$name" != libc6 ] || echo "libc6 installed"; done
exit 1
`

// The server insists on its library being found through LD_LIBRARY_PATH, as the real one does.
const dpkg = `
tree=$3
case "$2" in
  redis-tools.deb)
    mkdir -p "$tree/usr/bin"
    printf '#!/bin/sh\\n[ -e "$LD_LIBRARY_PATH/libfast.so.2" ] && echo "Redis server v=7.0.15 sha=0:0"\\n' > "$tree/usr/bin/redis-server"
    chmod 755 "$tree/usr/bin/redis-server";;
  libfast2.deb) mkdir -p "$tree/usr/lib/some-triplet" && : > "$tree/usr/lib/some-triplet/libfast.so.2";;
esac
`

let folder: string
let cache: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'debian-redis-test-'))
  cache = join(folder, 'a cache')
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const tools = { 'apt-get': aptGet, 'apt-cache': aptCache, 'dpkg-query': dpkgQuery, dpkg }
  for (const [name, script] of Object.entries(tools)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}`)
    await chmod(join(bin, name), 0o755)
  }
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`)
  vi.stubEnv('CALLS', join(folder, 'calls'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const quiet = (): void => {}
const downloads = async (): Promise<string[]> =>
  (await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter(line => line.includes(' download '))
const found = { kind: 'found', program: { kind: 'local', version: '7.0.15' } }

describe("Debian's redis-server", () => {
  it('is fetched once, with its sibling and the missing library, and said so', async () => {
    const reported: string[] = []
    expect(await debianRedis(line => reported.push(line), cache)).toMatchObject(found)
    expect(await debianRedis(line => reported.push(line), cache)).toMatchObject(found)
    expect(reported).toEqual([
      `No Redis on this machine: downloading Debian's redis-server into ${cache} (once, without installing it)`,
    ])
    expect(await downloads()).toEqual([expect.stringMatching(/ download redis-server redis-tools libfast2$/)])
  })

  it('leaves nothing but the finished tree in the cache', async () => {
    await debianRedis(quiet, cache)
    expect(await readdir(cache)).toEqual(['debian-redis'])
    expect(await readdir(join(cache, 'debian-redis'))).toHaveLength(1)
  })

  it('is there for all when several processes fetch it at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => debianRedis(quiet, cache)))
    expect(all).toEqual([1, 2, 3, 4].map(() => expect.objectContaining({ kind: 'found' })))
    expect(await readdir(join(cache, 'debian-redis'))).toHaveLength(1)
  })

  it('is fetched again when the cached tree has broken', async () => {
    await debianRedis(quiet, cache)
    const [release = 'none'] = await readdir(join(cache, 'debian-redis'))
    await rm(join(cache, 'debian-redis', release, 'usr', 'lib'), { recursive: true })
    expect(await debianRedis(quiet, cache)).toMatchObject(found)
    expect(await downloads()).toHaveLength(2)
    expect(await readdir(join(cache, 'debian-redis'))).toEqual([release])
  })

  it('is fetched although one of the sources of the system cannot be read', async () => {
    vi.stubEnv('UPDATE_EXIT', '100')
    expect(await debianRedis(quiet, cache)).toMatchObject(found)
  })

  it('keeps apt away from the lists, the state and the cache of the system', async () => {
    const settings = join(folder, 'settings')
    vi.stubEnv('UPDATE_EXIT', `$(cp "$2" ${settings})`)
    const copying = aptGet.replace('exit "$', `cp "$2" '${settings}'; exit "$`)
    await writeFile(join(folder, 'bin', 'apt-get'), `#!/bin/sh\n${copying}`)
    await debianRedis(quiet, cache)
    const written = await readFile(settings, 'utf8')
    for (const name of ['Dir::State', 'Dir::State::Lists', 'Dir::Cache']) {
      expect(written).toMatch(new RegExp(`^${name} "${cache}/debian-redis/building-[^"]*";$`, 'm'))
    }
  })

  it('removes what a killed process has left behind, but not what another one is building', async () => {
    const parent = join(cache, 'debian-redis')
    await mkdir(join(parent, 'building-left'), { recursive: true })
    await mkdir(join(parent, 'building-now'))
    const twoHoursAgo = Date.now() / 1000 - 7200
    await utimes(join(parent, 'building-left'), twoHoursAgo, twoHoursAgo)
    await debianRedis(quiet, cache)
    const names = await readdir(parent)
    expect(names).toContain('building-now')
    expect(names).not.toContain('building-left')
  })

  it.each([
    ['NOTHING_KNOWN', 'yes', 'apt knows no redis-server in its sources'],
    ['DOWNLOAD_FAULT', 'E: Failed to fetch', 'apt-get download: E: Failed to fetch'],
  ])('is missing with the reason, and leaves nothing, when fetching fails (%s)', async (name, value, reason) => {
    vi.stubEnv(name, value)
    expect(await debianRedis(quiet, cache)).toEqual({ kind: 'missing', reason })
    expect(await readdir(join(cache, 'debian-redis'))).toEqual([])
  })

  it('is missing with the reason when the cache cannot be written to', async () => {
    await writeFile(cache, 'a file where a folder should be')
    expect(await debianRedis(quiet, cache)).toMatchObject({
      kind: 'missing',
      reason: expect.stringContaining(`cannot write to ${cache}: `),
    })
  })

  it('is missing on a system without apt', async () => {
    vi.stubEnv('PATH', join(folder, 'empty'))
    expect(await debianRedis(quiet, cache)).toEqual({ kind: 'missing', reason: 'apt-get: not there' })
  })
})
