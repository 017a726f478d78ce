/**
 * A stand-in of the vendor's REST API over real HTTP, as a library for tests and behind the command `simulator`.
 * It is written from the vendor's pages alone and imports nothing of this project, so that it can prove the client
 * wrong. What belongs here: how the vendor answers. What does not: anything that knows about jobs or workers.
 */
import { listen } from './http/server.ts'
import type { SimulatorOptions } from './options.ts'
import { buildParts } from './parts.ts'
import { createSteering, type Steering } from './steering.ts'

export type { FriendFields, ListedUser, UsersOptions } from './accounts/users.ts'
export { COMMAND_NAMES, type CommandName, isCommandName } from './calls/commands.ts'
export { InvalidSimulatorInputError } from './check.ts'
export type { ClockChange } from './clock.ts'
export {
  type FaultAccounts,
  type FaultAnswer,
  type FaultRule,
  MALFORMED_KINDS,
  type MalformedKind,
} from './faults/fault-rule.ts'
export { InvalidFaultRuleError, parseDurationMs, parseFaultRule } from './faults/fault-text.ts'
export type { LatencyProfile } from './faults/latency.ts'
export type { CommandFigures, Figures } from './figures/figures.ts'
export type { LedgerLine } from './figures/ledger.ts'
export { toReport } from './figures/report.ts'
export type { AppChange, AppOptions, Standing } from './gateway/apps.ts'
export type { LimitAlgorithm } from './gateway/call-limits.ts'
export type { LimitChange } from './gateway/limit-table.ts'
export { parseCeilings, parseLatency, parseUsers } from './option-text.ts'
export { type AnswerRecord, DEFAULT_APP, type SimulatorOptions } from './options.ts'
export type { ResetOptions, Steering } from './steering.ts'
export type { BackendTimeoutChange, TimingChange } from './timing.ts'

/** A running simulator. */
export interface Simulator extends Steering {
  /** Base address such as `http://127.0.0.1:40123`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Ends every connection and drops whatever was still to be answered. Safe to call twice. */
  readonly close: () => Promise<void>
}

/**
 * Starts a simulator and waits until it listens.
 *
 * @throws {InvalidSimulatorInputError} for an option that cannot be used
 * @throws {InvalidFaultRuleError} for a fault rule that cannot be read
 * @throws the system's error when the port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', tls, control = true } = options
  const parts = buildParts(options)
  const steering = createSteering(parts)
  const { port, close } = await listen(parts, control ? steering : undefined, options)
  let closing: Promise<void> | undefined
  return {
    ...steering,
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: () => {
      parts.timers.clear()
      closing ??= close()
      return closing
    },
  }
}
