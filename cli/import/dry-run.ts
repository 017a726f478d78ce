import { loadSettings } from '../../config/load-settings.ts'
import { createFleetStatusReader } from '../../jobs/status/fleet-status.ts'
import { RedisUnavailableError } from '../../redis/redis-errors.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import type { Environment } from '../surroundings.ts'
import { count, counted, span } from '../words.ts'
import type { Input } from './files/input.ts'
import { type ImportOptions, surveyInput } from './prepare-import.ts'
import { described, type Survey } from './survey.ts'

/**
 * Says what an import of an input would do. Nothing is enqueued, and no file is written. It works without Redis.
 *
 * @returns the exit code
 * @throws as `surveyInput`
 */
export async function dryRun(input: Input, options: ImportOptions, shell: Shell): Promise<number> {
  const signal = shell.listen()
  const chunks = input.kind === 'file' ? input.file.read(signal) : input.open(signal)
  const found = await surveyInput(input, chunks, options, shell, signal)
  shell.say(described(found))
  report(found, await readPace(shell), options.json, shell)
  return EXIT.done
}

/**
 * A rate at which accounts are cleared, and whose it is: the fleet's; that of the settings where Redis is away; or that of
 * the settings of a run, which has no other fleet.
 */
export interface Pace {
  readonly perSecond: number
  readonly of: 'fleet' | 'settings' | 'run'
}

/** Asks the fleet for its rate; where Redis is away, the settings must do. */
async function readPace({ environment }: Shell): Promise<Pace> {
  try {
    const perSecond = await withFleet(environment, async ({ redis, prefix, limit }) => {
      const { rate } = await createFleetStatusReader(redis, prefix, limit)()
      return rate.allowed * (1 - limit.margin)
    })
    return { perSecond, of: 'fleet' }
  } catch (error) {
    if (!(error instanceof RedisUnavailableError)) throw error
    return { perSecond: rateOfSettings(environment), of: 'settings' }
  }
}

/** Gives the calls per second that the settings allow. */
export function rateOfSettings(environment: Environment): number {
  const settings = loadSettings(environment, ['RATE_LIMIT_PER_SECOND', 'RATE_LIMIT_MARGIN'])
  return settings.RATE_LIMIT_PER_SECOND * (1 - settings.RATE_LIMIT_MARGIN)
}

function report(found: Survey, pace: Pace, json: true | undefined, { print }: Shell): void {
  const { lines, accounts, repeated, rejected, reasons, masked } = found
  if (!json) return print(['nothing was enqueued', ...surveyInWords(found, pace)])
  const rejectedFor = [...reasons].map(([reason, { lines, first }]) => ({ reason, lines, firstLine: first }))
  const seconds = secondsFor(found, pace)
  print(JSON.stringify({ dryRun: true, lines, accounts, repeated, rejected, rejectedFor, masked, seconds }))
}

const secondsFor = ({ accounts }: Survey, { perSecond }: Pace): number => Math.ceil(accounts / perSecond)

/** Puts what the first reading has found into words, and how long clearing takes. */
export function surveyInWords(found: Survey, pace: Pace): string[] {
  const { lines, accounts, repeated, rejected, reasons, masked } = found
  return [
    `${counted(lines, 'line')} = ${counted(accounts, 'account')} + ${count(repeated)} repeated + ${count(rejected)} rejected`,
    ...[...reasons].map(
      ([reason, { lines, first }]) => `  ${counted(lines, 'line')}, the first is ${count(first)}: ${reason}`,
    ),
    ...(masked.length === 0 ? [] : [`the first accounts: ${masked.join(', ')}`]),
    `clearing them takes about ${span(secondsFor(found, pace))} at ${paceInWords(pace)}`,
  ]
}

const OF: Readonly<Record<Pace['of'], string>> = {
  fleet: 'the rate of the fleet',
  settings: 'the rate of the settings, since Redis was not asked',
  run: 'the rate of the settings',
}

const paceInWords = ({ perSecond, of }: Pace): string => `${Math.round(perSecond)} a second, ${OF[of]}`
