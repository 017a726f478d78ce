import type { FleetControl } from '../../jobs/status/fleet-control.ts'
import { type Halt, TOO_MANY_MISSING } from '../../jobs/status/fleet-state.ts'
import type { Clock } from '../../limiter/clock.ts'
import type { Limiter } from '../../limiter/limiter.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import type { Logger } from '../observe/log.ts'
import { classify, type Verdict } from '../vendor/classify.ts'
import type { ApiClient } from '../vendor/client.ts'
import type { Connections } from '../vendor/connections.ts'
import type { Signer } from '../vendor/signer.ts'

/** Parts of a prober. */
export interface ProberOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly control: FleetControl
  readonly limiter: Limiter
  readonly client: ApiClient
  readonly connections: Connections
  readonly signer: Signer
  /** The prober reads this account's friend list: the app admin's own, which harms nobody. */
  readonly admin: string
  readonly clock: Clock
  readonly log: Logger
}

const AT_LEAST_MS = 5000
const AT_MOST_MS = 300_000
/** Share of a halt's age that lies between two probes: 5 s in the first two minutes, 5 min after two hours. */
const SHARE_OF_AGE = 1 / 24
/**
 * Longer pauses for two codes: 70050 (too many wrong signatures) gets worse by asking, 60020 (just paid) takes time.
 */
const PATIENCE_MS: Readonly<Record<string, number>> = { '70050': 60_000, '60020': 300_000 }
/**
 * Codes whose cause a probe cannot see, so a person must look. The admin's list can be read although we ask the wrong
 * app (too many missing, 30002) or write bodies that the vendor cannot parse (60003).
 */
const NEEDS_A_PERSON = new Set([TOO_MANY_MISSING, '30002', '60003'])

/** Whether only a person can end a halt with this code. */
export const needsAPerson = (code: string): boolean => NEEDS_A_PERSON.has(code)

/** Gives the wait between a halt and the first probe, in ms. */
export const firstProbeAfterMs = (code: string): number => PATIENCE_MS[code] ?? AT_LEAST_MS

/** Gives the wait between two probes, in ms, for a halt of this age. */
export function nextProbeAfterMs(code: string, ageMs: number): number {
  return Math.max(firstProbeAfterMs(code), Math.min(AT_MOST_MS, Math.floor(ageMs * SHARE_OF_AGE)))
}

/**
 * Finds out whether the cause of a halt is gone. One worker of the fleet at a time sends one harmless read.
 *
 * A key in Redis that expires is both lock and pause: the worker that sets it has the turn. A worker that dies in its
 * turn only delays the next probe.
 */
export class Prober {
  readonly #options: ProberOptions

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Keeps the whole fleet from probing for this time. The worker that halts the fleet calls it. */
  async postpone(ms: number): Promise<void> {
    const { redis, prefix } = this.#options
    await redis.set(keysOf(prefix).probe, 'postponed', 'PX', ms)
  }

  /** Probes when it is this worker's turn, and ends the halt when the probe succeeds. */
  async takeTurn(halt: Halt): Promise<void> {
    const { redis, prefix, clock, control, log } = this.#options
    if (needsAPerson(halt.code)) return
    const pauseMs = nextProbeAfterMs(halt.code, clock.epochMs() - halt.sinceMs)
    if ((await redis.set(keysOf(prefix).probe, 'probing', 'PX', pauseMs, 'NX')) === null) return
    const verdict = await this.#probe()
    if (verdict === undefined) return
    if (isHealthy(verdict)) {
      await control.liftHalt()
      log.info({ code: halt.code }, 'a probe succeeded: the fleet goes on')
    } else {
      const { reason, act } = verdict
      log.warn({ code: reason.code, act, nextProbeMs: pauseMs }, `still halted: ${reason.text}`)
    }
  }

  async #probe(): Promise<Verdict | undefined> {
    const { limiter, client, connections, signer, admin } = this.#options
    signer.renewFromFile()
    const connection = await connections.take().catch(() => undefined)
    if (connection === undefined) return undefined
    const body = { From_Account: admin, StartIndex: 0 }
    const paced = await limiter.probe('friend_get', () => client.send(connection, 'friend_get', body))
    if (paced.kind === 'closed') {
      connections.giveBack(connection)
      return undefined
    }
    const reply = await paced.value
    if (reply.kind === 'answer') connections.giveBack(connection)
    else connections.discard(connection)
    return classify(reply)
  }
}

/** The admin may have no friend list or be no user at all: the vendor accepted the request and looked. */
const isHealthy = (verdict: Verdict): boolean => verdict.class === 'done' || verdict.class === 'check_account'
