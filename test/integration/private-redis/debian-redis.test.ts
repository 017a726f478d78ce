/**
 * Debian's tools are stand-ins here, so that the suite gives the same result on every machine. A machine without Redis
 * uses the real ones to run the suite itself.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { debianRedis } from '../../../private-redis/find-redis.ts'

const aptGet = `
echo "apt-get $*" >> "$CALLS"
case "$*" in
  *" update") exit "\${UPDATE_EXIT:-0}";;
  *" install "*)
    [ -z "$DOWNLOAD_FAULT" ] || { echo "$DOWNLOAD_FAULT" >&2; exit 100; }
    archives=\${2%/apt.conf}/archives
    for name in redis-server redis-tools libfast2; do : > "$archives/$name.deb"; done;;
esac
`

// The server starts only if it finds its library through LD_LIBRARY_PATH, as the real one does.
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
  const tools = { 'apt-get': aptGet, dpkg }
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
  (await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter(line => line.includes(' --download-only '))
const found = { kind: 'found', program: { kind: 'local', version: '7.0.15' } }

describe("Debian's redis-server", () => {
  it('is fetched once, with the packages that it needs, and said so', async () => {
    const reported: string[] = []
    expect(await debianRedis(line => reported.push(line), cache)).toMatchObject(found)
    expect(await debianRedis(line => reported.push(line), cache)).toMatchObject(found)
    expect(reported).toEqual([
      `No Redis on this machine: downloading Debian's redis-server into ${cache} (once, without installing it)`,
    ])
    expect(await downloads()).toEqual([expect.stringMatching(/ install redis-server redis-tools$/)])
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
    ['0', 'apt-get install: E: Failed to fetch'],
    ['100', 'apt-get install: E: Failed to fetch; apt-get update: ended with 100'],
  ])('is missing with the reason, and leaves nothing, when fetching fails (update: %s)', async (updateExit, reason) => {
    vi.stubEnv('UPDATE_EXIT', updateExit)
    vi.stubEnv('DOWNLOAD_FAULT', 'E: Failed to fetch')
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
