/**
 * A program of a Debian package, fetched without root and without a change to the system.
 *
 * The package is unpacked in the cache folder, and the program runs from that tree. A process builds the tree in a folder
 * of its own and moves it into place in one step, so two processes may do it at once.
 */
import { glob, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { parseOsRelease } from './os-release.ts'
import { runProgram } from './run-program.ts'
import { unpackPackages } from './unpack-packages.ts'

const QUESTION_TIMEOUT_MS = 30_000
/** A download takes seconds, so an older building folder belongs to a process that was killed. */
const LEFT_BEHIND_AFTER_MS = 60 * 60 * 1000

/** Result of a look at one place: the program, or the reason why it is missing, as half a sentence. */
export type Looked<T> =
  | { readonly kind: 'found'; readonly program: T }
  | { readonly kind: 'missing'; readonly reason: string }

/** A program in a Debian package. */
export interface DebianProgram<T> {
  /** The program's package, then those that hold files of it and may be installed without it. */
  readonly packages: readonly [string, ...string[]]
  /** Name of the program, and of its file in `/usr/bin`. */
  readonly name: string
  /** Name of the missing thing, for people. */
  readonly lacking: string
  /** Folder of its trees in the cache. */
  readonly folder: string
  /** Finds out whether a file is the program and runs with these environment variables. */
  check(file: string, environment: Readonly<Record<string, string>>): Promise<Looked<T>>
}

/**
 * Gives a program of this Debian or Ubuntu release from the cache. Downloads it into the cache if it is missing.
 *
 * @param report gets one line before a download
 * @param cache folder of the cache; default: {@link cacheFolder}
 */
export async function fetchDebianProgram<T>(
  program: DebianProgram<T>,
  report: (line: string) => void,
  cache: string = cacheFolder(),
): Promise<Looked<T>> {
  const aptGet = await runProgram('apt-get', ['--version'], { timeoutMs: QUESTION_TIMEOUT_MS })
  if (aptGet.kind === 'failed') return missing(`apt-get: ${aptGet.reason}`)
  const tree = join(cache, program.folder, await nameOfRelease())
  const cached = await checkTree(program, tree)
  if (cached.kind === 'found') return cached
  report(
    `No ${program.lacking} on this machine: downloading Debian's ${program.packages[0]} into ${cache} (once, without installing it)`,
  )
  try {
    return await buildTree(program, tree)
  } catch (error) {
    return missing(`cannot write to ${cache}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function buildTree<T>(program: DebianProgram<T>, tree: string): Promise<Looked<T>> {
  const parent = join(tree, '..')
  await mkdir(parent, { recursive: true })
  await removeLeftBehind(parent)
  const building = await mkdtemp(join(parent, 'building-'))
  try {
    const fault = await unpackPackages(program.packages, building)
    if (fault !== undefined) return missing(fault)
    const built = await checkTree(program, join(building, 'tree'))
    if (built.kind === 'missing') return built
    await moveIntoPlace(program, tree, building)
    return await checkTree(program, tree)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

async function checkTree<T>(program: DebianProgram<T>, tree: string): Promise<Looked<T>> {
  const folders = await libraryFolders(tree)
  return program.check(join(tree, 'usr', 'bin', program.name), { LD_LIBRARY_PATH: folders.join(':') })
}

/** Lists the folders below `lib` and `usr/lib` that hold shared libraries, such as that of the architecture. */
async function libraryFolders(tree: string): Promise<readonly string[]> {
  const found = new Set<string>()
  for await (const file of glob('{usr/lib,lib}/**/*.so{,.*}', { cwd: tree })) found.add(join(tree, file, '..'))
  return [...found]
}

/** Moves a finished tree into place. A working tree of another process stays; a broken one is replaced. */
async function moveIntoPlace<T>(program: DebianProgram<T>, tree: string, building: string): Promise<void> {
  for (const attempt of ['first', 'last'] as const) {
    try {
      return await rename(join(building, 'tree'), tree)
    } catch (error) {
      if ((await checkTree(program, tree)).kind === 'found') return
      if (attempt === 'last') throw error
      await rename(tree, join(building, 'broken'))
    }
  }
}

async function removeLeftBehind(parent: string): Promise<void> {
  const folders = (await readdir(parent)).filter(name => name.startsWith('building-'))
  for (const folder of folders.map(name => join(parent, name))) {
    const changedAt = (await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now()
    if (Date.now() - changedAt > LEFT_BEHIND_AFTER_MS) await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Names the release, for instance `debian-12-x64`: its tree may not run on another release that shares the checkout.
 */
async function nameOfRelease(): Promise<string> {
  const release = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''))
  return [release.id, release.version, arch()].join('-').replace(/[^\w.-]/g, '_')
}

const missing = (reason: string): Looked<never> => ({ kind: 'missing', reason })
