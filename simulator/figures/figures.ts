import { COMMANDS, type CommandName } from '../calls/commands.ts'
import type { RuleHits } from '../faults/faults.ts'
import { ArrivalLog, type WorstSpan } from './arrival-log.ts'
import { RandomValues } from './random-values.ts'

/** What one call has seen. */
export interface CommandFigures {
  /** HTTP requests that arrived for it, whatever became of them. */
  readonly calls: number
  /** Answers by code: `'0'`, `'30006'`, `http_502`, `reset`, `hang`, `malformed_null`, `half_body`, `client_gone`. */
  readonly byCode: Readonly<Record<string, number>>
  /** The ceiling in force now. */
  readonly limitPerSecond: number
  readonly worstSecond: WorstSpan
  readonly worst100ms: WorstSpan
  /** Arrivals at whose moment the rolling second held more than the ceiling in force. */
  readonly callsOverLimit: number
}

/** Everything counted since the start or the last reset. Calls under `/simulator` are not in it. */
export interface Figures {
  /** Epoch ms. */
  readonly startedAt: number
  readonly uptimeMs: number
  readonly requests: number
  /** TCP connections ever opened, and those open now. */
  readonly connections: number
  readonly openConnections: number
  readonly byCommand: Readonly<Record<CommandName, CommandFigures>>
  /** Answers by code over all calls. */
  readonly byCode: Readonly<Record<string, number>>
  /** Answers that blame the signature: 70001, 70003, 70009, 70013, 70014, 70052. */
  readonly badSignatures: number
  /** Answers that blame the request: 30001, 60002, 60003, 60004, 60005, 60009, 60012, 60015, 60025, 70402. */
  readonly badRequests: number
  /** `random` values used before, among the newest 65,536. */
  readonly repeatedRandoms: number
  readonly faults: readonly RuleHits[]
}

const BAD_SIGNATURE = new Set(['70001', '70003', '70009', '70013', '70014', '70052'])
const BAD_REQUEST = new Set(['30001', '60002', '60003', '60004', '60005', '60009', '60012', '60015', '60025', '70402'])

interface CommandCounts {
  readonly arrivals: ArrivalLog
  readonly byCode: Map<string, number>
}

/** Counts what arrives and what is answered. */
export class Counts {
  requests = 0
  connections = 0
  readonly randoms = new RandomValues()
  readonly startedAt = Date.now()
  readonly #byCommand: ReadonlyMap<CommandName, CommandCounts> = new Map(
    COMMANDS.map(({ name }) => [name, { arrivals: new ArrivalLog(), byCode: new Map<string, number>() }]),
  )
  /** Answers to requests that named no known call. */
  readonly #unrouted = new Map<string, number>()

  /** Notes a call at the moment its request line and headers were read. */
  noteArrival(command: CommandName, at: number, limitPerSecond: number): void {
    this.#byCommand.get(command)?.arrivals.record(at, limitPerSecond)
  }

  noteAnswer(command: CommandName | undefined, key: string): void {
    const counts = command === undefined ? this.#unrouted : this.#byCommand.get(command)?.byCode
    counts?.set(key, (counts.get(key) ?? 0) + 1)
  }

  arrivals(command: CommandName): ArrivalLog {
    return this.#byCommand.get(command)?.arrivals ?? new ArrivalLog()
  }

  figures(context: {
    readonly limitOf: (command: CommandName) => number
    readonly faults: readonly RuleHits[]
    readonly openConnections: number
  }): Figures {
    const byCode = this.#allAnswers()
    const sumOf = (codes: ReadonlySet<string>): number =>
      [...byCode].reduce((sum, [code, count]) => sum + (codes.has(code) ? count : 0), 0)
    return {
      startedAt: this.startedAt,
      uptimeMs: Date.now() - this.startedAt,
      requests: this.requests,
      connections: this.connections,
      openConnections: context.openConnections,
      byCommand: this.#commandFigures(context.limitOf),
      byCode: Object.fromEntries(byCode),
      badSignatures: sumOf(BAD_SIGNATURE),
      badRequests: sumOf(BAD_REQUEST),
      repeatedRandoms: this.randoms.repeated,
      faults: context.faults,
    }
  }

  #allAnswers(): Map<string, number> {
    const all = new Map(this.#unrouted)
    for (const { byCode } of this.#byCommand.values()) {
      for (const [code, count] of byCode) all.set(code, (all.get(code) ?? 0) + count)
    }
    return all
  }

  #commandFigures(limitOf: (command: CommandName) => number): Record<CommandName, CommandFigures> {
    const of = (command: CommandName): CommandFigures => {
      const arrivals = this.arrivals(command)
      return {
        calls: arrivals.count,
        byCode: Object.fromEntries(this.#byCommand.get(command)?.byCode ?? []),
        limitPerSecond: limitOf(command),
        worstSecond: arrivals.worstSecond,
        worst100ms: arrivals.worstTenth,
        callsOverLimit: arrivals.overLimit,
      }
    }
    return {
      friend_delete_all: of('friend_delete_all'),
      friend_delete: of('friend_delete'),
      friend_get: of('friend_get'),
      account_check: of('account_check'),
    }
  }
}
