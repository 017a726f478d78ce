/**
 * A stand-in of the vendor's REST API over real HTTP, as a library for tests and behind the command `simulator`.
 * It is written from the vendor's pages alone and imports nothing of this project, so that it can prove the client
 * wrong. What belongs here: how the vendor answers. What does not: anything that knows about jobs or workers.
 */
import { buildParts } from './build-parts.ts'
import { createControl } from './http/control.ts'
import { listen } from './http/server.ts'
import type { SimulatorOptions } from './options.ts'
import { createSteering, type Steering } from './steering.ts'

export type { FriendFields, ListedUser, UsersOptions } from './accounts/users.ts'
export { COMMAND_NAMES, type CommandName, isCommandName } from './calls/commands.ts'
export type { ClockChange } from './clock.ts'
export {
  type FaultAccounts,
  type FaultAnswer,
  type FaultRule,
  MALFORMED_KINDS,
  type MalformedKind,
} from './faults/fault-rule.ts'
export { InvalidFaultRule, parseDurationMs, parseFaultRule } from './faults/fault-text.ts'
export type { LatencyProfile } from './faults/latency.ts'
export type { CommandFigures, Figures } from './figures/figures.ts'
export type { LedgerLine } from './figures/ledger.ts'
export { toReport } from './figures/report.ts'
export type { AppChange, AppOptions, Standing } from './gateway/apps.ts'
export type { LimitAlgorithm } from './gateway/call-limits.ts'
export type { LimitChange } from './gateway/limit-table.ts'
export { parseCeilings, parseLatency, parseUsers } from './option-text.ts'
export { DEFAULT_APP, InvalidSimulatorInput, type SimulatorOptions } from './options.ts'
export type { AnswerRecord, BackendTimeoutChange } from './parts.ts'
export type { ResetOptions, Steering, TimingChange } from './steering.ts'

/** A running simulator. */
export interface Simulator extends Steering {
  /** Base address such as `http://127.0.0.1:40123`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Ends every connection and drops whatever was still to be answered. Safe to call twice. */
  readonly close: () => Promise<void>
}

/**
 * Starts a simulator and waits until it listens. Throws `InvalidSimulatorInput` or `InvalidFaultRule` for options it
 * cannot use, and the system's error when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parts = buildParts(options)
  let openConnections = (): number => 0
  const steering = createSteering(parts, () => openConnections())
  const host = options.host ?? '127.0.0.1'
  const listener = await listen(parts, options.control === false ? undefined : createControl(steering), {
    host,
    port: options.port ?? 0,
    keepAliveMs: options.keepAliveMs ?? 75_000,
    tls: options.tls,
  })
  openConnections = listener.openConnections
  let closing: Promise<void> | undefined
  return {
    ...steering,
    url: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
    close: () => {
      parts.timers.clear()
      closing ??= listener.close()
      return closing
    },
  }
}
