/**
 * Finds Prometheus and its `promtool` for the tests: on the PATH, else in Debian's package, unpacked into the cache. So
 * the tests run on a machine that has neither.
 */
import { fetchDebianProgram, type Looked } from '../../../private-redis/debian-program.ts'
import { runProgram } from '../../../private-redis/run-program.ts'

/** A program that was tried: its file, or its name on the PATH, and the variables that it needs. */
export interface FoundProgram {
  readonly file: string
  readonly environment: Readonly<Record<string, string>>
}

const ANSWER_WITHIN_MS = 60_000

/**
 * Gives `prometheus` or `promtool`.
 *
 * @throws Error that says what to install, where there is neither the program nor apt
 */
export async function findPrometheusProgram(name: 'prometheus' | 'promtool'): Promise<FoundProgram> {
  const onPath = await check(name, {}, name)
  if (onPath.kind === 'found') return onPath.program
  const program = {
    packages: ['prometheus'] as const,
    name,
    lacking: 'Prometheus',
    folder: 'debian-prometheus',
    check: (file: string, environment: Readonly<Record<string, string>>) => check(file, environment, name),
  }
  const fetched = await fetchDebianProgram(program, line => process.stderr.write(`${line}\n`))
  if (fetched.kind === 'found') return fetched.program
  throw new Error(
    `The tests of the alert rules need Prometheus (${onPath.reason}; Debian package: ${fetched.reason}). ` +
      `Install it so that ${name} is on the PATH: sudo apt-get install prometheus, or brew install prometheus.`,
  )
}

async function check(
  file: string,
  environment: Readonly<Record<string, string>>,
  name: string,
): Promise<Looked<FoundProgram>> {
  const end = await runProgram(file, ['--version'], { timeoutMs: ANSWER_WITHIN_MS, environment })
  if (end.kind === 'failed') return { kind: 'missing', reason: `${file}: ${end.reason}` }
  if (end.stdout.startsWith(`${name}, version `)) return { kind: 'found', program: { file, environment } }
  return { kind: 'missing', reason: `${file} is something else` }
}
