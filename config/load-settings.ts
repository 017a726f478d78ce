import { isAbsolute } from 'node:path'
import type { z } from 'zod'
import { Secret } from './secret.ts'
import { type Setting, type SettingName, settingsTable } from './settings.ts'

type Table = typeof settingsTable
type Parsed<N extends SettingName> =
  Table[N] extends Setting<infer T, boolean, infer IsSecret> ? (IsSecret extends true ? Secret : T) : never
type AlwaysThere<N extends SettingName> = Table[N]['always'] extends true ? Parsed<N> : Parsed<N> | undefined

/** Parsed settings: the variable's own name leads to its value; a secret is a {@link Secret}. */
export type Settings<N extends SettingName = SettingName> = { readonly [K in N]: AlwaysThere<K> }

/** What is wrong with one setting, in words for the operator. A secret's value is never in it. */
export interface SettingFault {
  readonly name: string
  /** What was found: the value in quotes, or `not set`. */
  readonly found: string
  readonly expected: string
}

/** Thrown by {@link loadSettings} with every fault at once. Exit code 78 on the command line. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly code = 'SETTINGS'
  readonly faults: readonly SettingFault[]

  constructor(faults: readonly SettingFault[]) {
    super(
      ['Settings that need attention:', ...faults.map(f => `  ${f.name}: ${f.found}; expected ${f.expected}`)].join(
        '\n',
      ),
    )
    this.faults = faults
  }
}

/**
 * Parses the settings that a command needs from an environment.
 *
 * An empty variable counts as not set. Secrets may come from a file through `<NAME>_FILE`, not from both.
 *
 * @param environment variables and their texts, for instance `process.env`
 * @param names the settings that are needed; others are not looked at
 * @throws {SettingsError} with all faults at once
 */
export function loadSettings<N extends SettingName>(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly N[],
): Settings<N> {
  const faults: SettingFault[] = []
  const values: Partial<Record<SettingName, unknown>> = {}
  for (const name of names) {
    const row: Setting<unknown, boolean, boolean> = settingsTable[name]
    values[name] = row.secret
      ? parseSecret(name, row, environment, faults)
      : parseText(name, row, given(environment, name) ?? row.default, faults)
  }
  faults.push(...faultsBetween(values, new Set(faults.map(fault => fault.name))))
  if (faults.length > 0) throw new SettingsError(faults)
  return values as Settings<N>
}

function parseText(
  name: string,
  row: Setting<unknown, boolean, boolean>,
  text: string | undefined,
  faults: SettingFault[],
): unknown {
  if (text === undefined) {
    if (row.required) faults.push({ name, found: 'not set', expected: row.expected })
    return undefined
  }
  const parsed: z.ZodSafeParseResult<unknown> = row.schema.safeParse(text)
  if (parsed.success) return parsed.data
  faults.push({ name, found: show(text, row), expected: row.expected })
  return undefined
}

function parseSecret(
  name: string,
  row: Setting<unknown, boolean, boolean>,
  environment: Readonly<Record<string, string | undefined>>,
  faults: SettingFault[],
): Secret | undefined {
  const text = given(environment, name)
  const file = given(environment, `${name}_FILE`)
  if (text !== undefined && file !== undefined) {
    faults.push({ name, found: `set, and ${name}_FILE is set too`, expected: 'one of the two' })
    return undefined
  }
  if (text === undefined && file === undefined) {
    if (row.required)
      faults.push({ name, found: 'not set', expected: `${row.expected}, here or in a file named by ${name}_FILE` })
    return undefined
  }
  try {
    const secret = file === undefined ? Secret.fromText(text ?? '') : Secret.fromFile(file)
    if (row.schema.safeParse(secret.reveal()).success) return secret
    faults.push({
      name: file === undefined ? name : `${name}_FILE`,
      found: 'a value that does not fit',
      expected: row.expected,
    })
  } catch (error) {
    faults.push({
      name: `${name}_FILE`,
      found: `${showFile(file)}, which cannot be read (${errorCode(error)})`,
      expected: 'a readable file',
    })
  }
  return undefined
}

/** Faults of settings that are fine by themselves but not together; `faulty` ones have been reported already. */
function faultsBetween(values: Partial<Record<SettingName, unknown>>, faulty: ReadonlySet<string>): SettingFault[] {
  const faults: SettingFault[] = []
  if (values.REDIS_SENTINELS !== undefined && values.REDIS_SENTINEL_NAME === undefined) {
    faults.push({ name: 'REDIS_SENTINEL_NAME', found: 'not set', expected: 'a name, since REDIS_SENTINELS is set' })
  }
  if (
    values.REDIS_SENTINEL_NAME !== undefined &&
    values.REDIS_SENTINELS === undefined &&
    !faulty.has('REDIS_SENTINELS')
  ) {
    faults.push({ name: 'REDIS_SENTINELS', found: 'not set', expected: 'host:port, since REDIS_SENTINEL_NAME is set' })
  }
  if (values.REDIS_SENTINELS !== undefined && values.REDIS_CLUSTER_NODES !== undefined) {
    faults.push({
      name: 'REDIS_CLUSTER_NODES',
      found: 'set, and REDIS_SENTINELS is set too',
      expected: 'one of the two',
    })
  }
  if (values.REDIS_CLUSTER_NODES !== undefined) faults.push(...faultsWithCluster(values))
  return faults
}

function faultsWithCluster({
  REDIS_PREFIX: prefix,
  REDIS_URL: url,
}: Partial<Record<SettingName, unknown>>): SettingFault[] {
  const faults: SettingFault[] = []
  // Redis takes what stands between the first opening brace and the next closing one, unless that is nothing.
  if (typeof prefix === 'string' && !/^[^{]*\{[^}]+\}/.test(prefix)) {
    faults.push({
      name: 'REDIS_PREFIX',
      found: `"${prefix}"`,
      expected: 'a hash tag in braces, since REDIS_CLUSTER_NODES is set',
    })
  }
  if (typeof url === 'string' && /^\/0*[1-9]/.test(new URL(url).pathname)) {
    faults.push({
      name: 'REDIS_URL',
      found: `"${withoutPassword(url)}"`,
      expected: 'no database number, since REDIS_CLUSTER_NODES is set',
    })
  }
  return faults
}

const given = (environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined => {
  const text = environment[name]
  return text === undefined || text === '' ? undefined : text
}

const show = (text: string, row: Setting<unknown, boolean, boolean>): string =>
  `"${row.showsAs === 'text' ? text : withoutPassword(text)}"`

/** Cuts whatever may be a password out of a text that was meant to be a URL, however broken it is. */
const withoutPassword = (text: string): string =>
  text
    .replace(/^([a-z]+:\/\/)?.*@/is, '$1[redacted]@')
    .replace(/\?.*/s, '?[redacted]')
    // A user and a password without the host; what follows a host and a colon is a port.
    .replace(/^([a-z]+:\/\/[^:/]*:|[^:/]*:(?!\/\/))(?!\d+(?:\/|$)).+/is, '$1[redacted]')

// The key itself, set by mistake under the name of the file form, must not be shown: a key does not look like a path.
const showFile = (file: string | undefined): string =>
  file !== undefined && isAbsolute(file) ? `"${file}"` : 'a value that is no absolute path, so it is not shown'

const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
