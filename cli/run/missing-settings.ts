import { randomBytes } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { loadSettings, SettingsError } from '../../config/load-settings.ts'
import { type SettingName, settingRow } from '../../config/settings.ts'
import type { Shell } from '../shell.ts'
import type { Environment } from '../surroundings.ts'
import { ask, askYesOrNo, canAsk } from '../terminal/ask.ts'
import { envFileIn, writeEnvFile } from './env-file.ts'
import { RunError } from './run-error.ts'
import { runSettings } from './run-settings.ts'

const TRIES = 3

/**
 * Gives an environment with all settings of a run. On a terminal it asks for the missing ones, one by one, secrets unseen,
 * and offers to write them to `.env`.
 *
 * @throws {SettingsError} with all faults at once, where a setting is wrong or nobody can be asked
 * @throws {InterruptedError} at Ctrl-C
 */
export async function completeSettings(shell: Shell): Promise<Environment> {
  const { environment } = shell
  const fault = faultOf(environment, runSettings)
  if (fault === undefined) return environment
  const missing = runSettings.filter(name => isMissing(name, environment))
  const isAllMissing = fault.faults.every(each => missing.some(name => name === each.name))
  if (!isAllMissing || !canAsk(shell)) throw fault
  const canWrite = (await lstat(envFileIn(shell.folder)).catch(() => undefined)) === undefined
  const answers: Record<string, string> = {}
  for (const name of missing) answers[name] = await askFor(name, canWrite, shell)
  const isKeyMade = answers['RECEIPT_KEY'] === ''
  if (isKeyMade) answers['RECEIPT_KEY'] = randomBytes(32).toString('hex')
  if (canWrite) await offerToWrite(answers, isKeyMade, shell)
  else shell.say(`${envFileIn(shell.folder)} is there and stays as it is; write what you want to keep into it`)
  return { ...environment, ...answers }
}

function faultOf(environment: Environment, names: readonly SettingName[]): SettingsError | undefined {
  try {
    loadSettings(environment, names)
    return undefined
  } catch (error) {
    if (error instanceof SettingsError) return error
    throw error
  }
}

function isMissing(name: SettingName, environment: Environment): boolean {
  const isSet = (variable: string): boolean => (environment[variable] ?? '') !== ''
  return settingRow(name).required && !isSet(name) && !isSet(`${name}_FILE`)
}

/** Asks until an answer fits; an empty one stands for a key that is to be made. */
async function askFor(name: SettingName, canWrite: boolean, shell: Shell): Promise<string> {
  const { expected, meaning, secret = false } = settingRow(name)
  // A key that is made and not kept would make the receipts worthless, so it is made only where it can be written down.
  const canMake = name === 'RECEIPT_KEY' && canWrite
  shell.say(`${name}: ${meaning}`)
  for (let left = TRIES; ; left--) {
    const hint = canMake ? `${expected}; Enter makes one` : expected
    const answer = await ask(`${name} (${hint}): `, shell, { unseen: secret })
    if (answer === '' && canMake) return ''
    const fault = faultOf({ [name]: answer }, [name])
    if (fault === undefined) return answer
    if (left === 1) throw fault
    shell.say(fault.message.split('\n'))
  }
}

/** @throws {RunError} when a key that was made is not to be written, since nobody would have it then */
async function offerToWrite(
  answers: Readonly<Record<string, string>>,
  isKeyMade: boolean,
  shell: Shell,
): Promise<void> {
  const file = envFileIn(shell.folder)
  if (await askYesOrNo(`Write these settings to ${file}, for you alone?`, shell)) {
    await writeEnvFile(file, answers)
    shell.say(`${file} is written; keep its RECEIPT_KEY as long as the receipts`)
  } else if (isKeyMade) {
    throw new RunError(
      'Nothing was done: a RECEIPT_KEY that is made must be written down. Let it be, or give your own.',
    )
  }
}
