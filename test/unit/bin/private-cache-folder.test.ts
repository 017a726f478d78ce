import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startProcess } from '../../helpers/processes/start-process.ts'

const program = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))
const script = new URL('../../../bin/private-cache-folder.js', import.meta.url).href

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'clear-friends-home-'))
})
afterEach(() => rmSync(home, { recursive: true }))

async function folderFor(environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { privateCacheFolder } = await import(script)
  return privateCacheFolder(environment, home)
}

describe('the cache of compiled sources', () => {
  it('is a folder of the user alone, in the home folder or where XDG_CACHE_HOME says', async () => {
    const folder = join(home, '.cache', 'clear-friends', 'compiled')
    expect(await folderFor()).toBe(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const other = { XDG_CACHE_HOME: join(home, 'other') }
    expect(await folderFor(other)).toBe(join(home, 'other', 'clear-friends', 'compiled'))
    expect(await folderFor({ XDG_CACHE_HOME: 'relative' })).toBe(folder)
  })

  it.for<[string, (path: string) => void]>([
    ['the folder is a link', path => linkTo(path, join(path, 'clear-friends', 'compiled'))],
    ['the folder of the program is a link', path => linkTo(path, join(path, 'clear-friends'))],
    ['others may write to the folder', path => shared(join(path, 'clear-friends', 'compiled'))],
    ['others may replace it', path => shared(join(path, 'clear-friends'))],
    ['others may replace the cache folder', path => shared(path)],
  ])('is none where %s', async ([, prepare]) => {
    prepare(join(home, '.cache'))
    expect(await folderFor()).toBeUndefined()
  })

  it('of a started program is there, and nothing in the shared temporary folder', async () => {
    const shared = join(home, 'tmp')
    mkdirSync(shared)
    const environment = { PATH: process.env['PATH'], HOME: home, TMPDIR: shared }
    const { ended, stdout } = startProcess(process.execPath, [program, '--version'], { environment })
    expect(await ended).toMatchObject({ code: 0 })
    expect(stdout.text).toMatch(/^\d/)
    expect(readdirSync(shared)).toEqual([])
    expect(readdirSync(join(home, '.cache', 'clear-friends', 'compiled'))).toHaveLength(1)
  })
})

function linkTo(cache: string, path: string): void {
  const elsewhere = join(cache, 'elsewhere')
  mkdirSync(elsewhere, { recursive: true })
  mkdirSync(join(path, '..'), { recursive: true })
  symlinkSync(elsewhere, path)
}

function shared(path: string): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o777)
}
