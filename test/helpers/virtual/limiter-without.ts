/**
 * Loads the limiter with one of its rules switched off, to show the rule's purpose. The limiter itself has no switch,
 * so this copies the sources, changes them and loads the copy.
 */
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { VirtualFleetOptions } from './virtual-fleet.ts'

/** One place of the sources, and its text while the rule is off. */
export interface Change {
  /** A file of `limiter/`. */
  readonly file: string
  /** Stands there exactly once. */
  readonly from: string
  readonly to: string
}

type CreateLimiter = VirtualFleetOptions['createLimiter']

const root = new URL('../../../', import.meta.url)
const moduleSchema = z.object({
  Limiter: z.custom<new (...options: Parameters<CreateLimiter>) => ReturnType<CreateLimiter>>(
    value => typeof value === 'function',
  ),
})

/** Loads the limiter with changes, and removes the changed files at once. */
export async function loadLimiterWith(changes: readonly Change[]): Promise<CreateLimiter> {
  const cache = fileURLToPath(new URL('.cache/', root))
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'limiter-'))
  try {
    for await (const file of glob('limiter/*', { cwd: fileURLToPath(root) })) {
      const own = changes.filter(change => change.file === basename(file))
      const text = own.reduce(changed, await readFile(new URL(file, root), 'utf8'))
      await writeFile(join(folder, basename(file)), withAbsoluteImports(text))
    }
    const { Limiter } = moduleSchema.parse(await import(pathToFileURL(join(folder, 'limiter.ts')).href))
    return options => new Limiter(options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function changed(text: string, { file, from, to }: Change): string {
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold \`${from}\` exactly once`)
  return text.replace(from, () => to)
}

const withAbsoluteImports = (text: string): string =>
  text.replaceAll(
    /from '(\.\.\/[^']+)'/g,
    (_, path: string) => `from '${new URL(path, new URL('limiter/', root)).href}'`,
  )
