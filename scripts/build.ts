/**
 * Builds `dist`, which the published package and the container image run: compiled sources, and beside them the Lua
 * scripts and JSON files that they read.
 */
import { execFile } from 'node:child_process'
import { cp, glob, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

const folders = await sourceFolders()
await rm(dist, { recursive: true, force: true })
await compile()
await copyFilesBesideSources(folders)

/** Reads the compiled folders from the compiler's settings, so that there is no second list. */
async function sourceFolders(): Promise<readonly string[]> {
  const settings: unknown = JSON.parse(await readFile(join(root, 'tsconfig.build.json'), 'utf8'))
  return z.object({ include: z.array(z.string()) }).parse(settings).include
}

async function compile(): Promise<void> {
  const compiled = promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root })
  await compiled.catch((error: unknown) => {
    // The compiler prints its findings on stdout, and the exit code alone explains nothing.
    if (error instanceof Error && 'stdout' in error) process.stderr.write(String(error.stdout))
    process.exit(1)
  })
}

async function copyFilesBesideSources(from: readonly string[]): Promise<void> {
  for await (const file of glob(
    from.map(folder => `${folder}/**/*.{lua,json}`),
    { cwd: root },
  )) {
    await cp(join(root, file), join(dist, file))
  }
}
