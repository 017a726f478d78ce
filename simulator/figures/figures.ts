import { type CommandName, perCommand } from '../calls/commands.ts'
import type { RuleHits } from '../faults/faults.ts'
import { ArrivalLog, type WorstSpan } from './arrival-log.ts'
import { RandomValues } from './random-values.ts'

/** Figures of one vendor call. */
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

/** Counts what arrives and what is answered. */
export class Counts {
  requests = 0
  connections = 0
  readonly randoms = new RandomValues()
  readonly arrivals: Readonly<Record<CommandName, ArrivalLog>> = perCommand(() => new ArrivalLog())
  readonly #startedAt = Date.now()
  readonly #answers: Readonly<Record<CommandName, Map<string, number>>> = perCommand(() => new Map())
  /** Answers to requests that named no known call. */
  readonly #unrouted = new Map<string, number>()

  noteAnswer(command: CommandName | undefined, key: string): void {
    add(command === undefined ? this.#unrouted : this.#answers[command], key, 1)
  }

  figures(limitOf: (command: CommandName) => number): Omit<Figures, 'openConnections' | 'faults'> {
    const byCode = this.#allAnswers()
    const sumOf = (codes: ReadonlySet<string>): number =>
      [...byCode].reduce((sum, [code, count]) => sum + (codes.has(code) ? count : 0), 0)
    return {
      startedAt: this.#startedAt,
      uptimeMs: Date.now() - this.#startedAt,
      requests: this.requests,
      connections: this.connections,
      byCommand: perCommand(command => this.#commandFigures(command, limitOf(command))),
      byCode: Object.fromEntries(byCode),
      badSignatures: sumOf(BAD_SIGNATURE),
      badRequests: sumOf(BAD_REQUEST),
      repeatedRandoms: this.randoms.repeated,
    }
  }

  #allAnswers(): Map<string, number> {
    const all = new Map(this.#unrouted)
    for (const byCode of Object.values(this.#answers)) {
      for (const [code, count] of byCode) add(all, code, count)
    }
    return all
  }

  #commandFigures(command: CommandName, limitPerSecond: number): CommandFigures {
    const arrivals = this.arrivals[command]
    return {
      calls: arrivals.count,
      byCode: Object.fromEntries(this.#answers[command]),
      limitPerSecond,
      worstSecond: arrivals.worstSecond,
      worst100ms: arrivals.worstTenth,
      callsOverLimit: arrivals.overLimit,
    }
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
