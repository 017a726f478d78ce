/**
 * The environment's only way in: a command loads its settings here, once, and gets all faults at once.
 *
 * What belongs in `config/`: names, schemas, defaults and faults of settings, secrets, the package's version. What does
 * not: the use of a setting, and whatever opens a connection (`redis/`). This room imports no other.
 */

import { isAbsolute } from 'node:path'
import { faultsBetween } from './faults-between.ts'
import { Secret } from './secret.ts'
import type { SettingFault } from './setting-fault.ts'
import { parseSetting, type SettingName, type SettingRow, type Settings, settingRow } from './settings.ts'
import { withoutPassword } from './without-password.ts'

/** Thrown by {@link loadSettings} with all faults at once. The command line then ends with exit code 78. */
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
 * An empty variable counts as not set. A secret comes from its variable or from the file that `<NAME>_FILE` names;
 * setting both is a fault.
 *
 * @param environment variables and their texts, for instance `process.env`
 * @param names the settings to parse; others are ignored
 * @throws {SettingsError} with all faults at once
 */
export function loadSettings<N extends SettingName>(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly N[],
): Settings<N> {
  const faults: SettingFault[] = []
  const values: Partial<Record<SettingName, unknown>> = {}
  for (const name of names) {
    const row = settingRow(name)
    const loaded = row.secret ? loadSecret(name, row, environment) : loadText(name, row, environment)
    if (loaded.ok) values[name] = loaded.value
    else faults.push(loaded.fault)
  }
  faults.push(...faultsBetween(values as Partial<Settings>, new Set(faults.map(fault => fault.name))))
  if (faults.length > 0) throw new SettingsError(faults)
  return values as Settings<N>
}

type Environment = Readonly<Record<string, string | undefined>>
type Loaded = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: SettingFault }

const faulty = (name: string, found: string, expected: string): Loaded => ({
  ok: false,
  fault: { name, found, expected },
})

function loadText(name: SettingName, row: SettingRow, environment: Environment): Loaded {
  if (row.fileToo && given(environment, `${name}_FILE`) !== undefined) return loadFromFile(name, row, environment)
  const text = given(environment, name)
  const parsed = parseSetting(name, text)
  if (parsed.success) return { ok: true, value: parsed.data }
  return faulty(name, text === undefined ? NOT_SET : show(text, row), row.expected)
}

function loadSecret(name: SettingName, row: SettingRow, environment: Environment): Loaded {
  const fileName = `${name}_FILE`
  if (given(environment, fileName) !== undefined) return loadFromFile(name, row, environment)
  const text = given(environment, name)
  const parsed = parseSetting(name, text && Secret.fromText(text))
  if (parsed.success) return { ok: true, value: parsed.data }
  if (text === undefined) return faulty(name, NOT_SET, `${row.expected}, here or in a file named by ${fileName}`)
  return faulty(name, UNFIT, row.expected)
}

function loadFromFile(name: SettingName, row: SettingRow, environment: Environment): Loaded {
  const fileName = `${name}_FILE`
  const file = given(environment, fileName) ?? ''
  if (given(environment, name) !== undefined) return faulty(name, `set, and ${fileName} is set too`, 'one of the two')
  const read = readFile(file)
  if (read instanceof Error) {
    return faulty(fileName, `${showFile(file)}, which cannot be read (${errorCode(read)})`, 'a readable file')
  }
  const parsed = parseSetting(name, row.secret ? read : read.reveal())
  return parsed.success ? { ok: true, value: parsed.data } : faulty(fileName, UNFIT, row.expected)
}

function readFile(file: string): Secret | Error {
  try {
    return Secret.fromFile(file)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const NOT_SET = 'not set'
const UNFIT = 'a value that does not fit'

const given = (environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined => {
  const text = environment[name]
  return text === undefined || text === '' ? undefined : text
}

/** Keys and tokens are longer; a value of these settings that an operator got wrong is not. */
const LONGEST_SHOWN = 24

/** Shows a wrong value, unless it may hold a secret: an operator may confuse two variables, or give a URL for a host. */
function show(text: string, { showsAs }: SettingRow): string {
  if (showsAs === 'url') return `"${withoutPassword(text)}"`
  if (showsAs === 'nothing') return UNFIT
  return text.length > LONGEST_SHOWN ? `a value of ${text.length} characters` : `"${text}"`
}

// An operator may set the key itself as `<NAME>_FILE` by mistake. It must not be shown; a key does not look like a
// path.
const showFile = (file: string): string =>
  isAbsolute(file) ? `"${file}"` : 'a value that is no absolute path, so it is not shown'

const errorCode = (error: Error): string => ('code' in error ? String(error.code) : String(error))
