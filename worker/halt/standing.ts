import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { readVersion } from '../../config/version.ts'
import type { Reason } from '../../jobs/job/outcome.ts'
import type { FleetControl } from '../../jobs/status/fleet-control.ts'
import { type FleetMembers, type Member, SPEAK_EVERY_MS } from '../../jobs/status/fleet-members.ts'
import type { FleetState } from '../../jobs/status/fleet-state.ts'
import type { Clock } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
import type { Logger } from '../observe/log.ts'
import type { SentCall, Traffic } from '../vendor/traffic.ts'
import type { Bond } from './bond.ts'
import type { Gate } from './gate.ts'
import { firstProbeAfterMs, needsAPerson, nextProbeAfterMs, type Prober, UNREACHABLE } from './prober.ts'

/** Parts of a standing. */
export interface StandingOptions {
  readonly members: FleetMembers
  readonly bond: Pick<Bond, 'holds'>
  readonly control: Pick<FleetControl, 'halt'>
  readonly readFleet: () => Promise<FleetState>
  readonly prober: Pick<Prober, 'probe' | 'canConnect'>
  readonly traffic: Traffic
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Logger
  /** `RATE_LIMIT_PER_SECOND` of this worker. */
  readonly ceilingPerSecond: number
  /** Called with the code when this worker stands aside, and without one when it works again. */
  readonly onAside: (code: string | undefined) => void
}

/** An answer that blames our own credentials or settings. */
export interface Accusation {
  readonly reason: Reason
  /** Advice for the operator. */
  readonly act?: string | undefined
  /** The request that got the answer, if it was one. */
  readonly call?: SentCall | undefined
  /** Whether this account was found at fault with this code before. */
  readonly isKnown: boolean
}

/** `ours`: our own credentials or settings are at fault. `account`: the vendor refuses this account alone. */
export type Blame = 'ours' | 'account'

/** Successes of the last minute show that the vendor accepts us. */
const LATELY_MS = 60_000
/** A vendor that takes longer to answer the requests under way shows nothing; a probe decides then. */
const JUDGE_WITHIN_MS = 2000
/** A handshake or two may fail; this long without any connection, and others should do the work. */
const UNREACHABLE_AFTER_MS = 5000

/**
 * This worker's standing in the fleet: whether it may work, stands aside alone, or shares a fault with all others.
 *
 * States: *working* → *judging* (an answer blames us; requests wait while it finds out whom) → *working* when the fault is
 * one account's, or *aside* when it is ours → *working* when a probe succeeds, or when a person or another worker's probe
 * lets the fleet go on. When no worker of the fleet works any more, the fleet is halted.
 */
export class Standing {
  readonly #options: StandingOptions
  readonly #id = randomBytes(6).toString('base64url')
  readonly #startedAtMs: number
  readonly #speaking: NodeJS.Timeout
  readonly #oncePerMinute: OncePerMinute
  #aside: Member['aside'] = null
  #probing: Promise<Blame> | undefined
  #probeTimer: NodeJS.Timeout | undefined
  #disconnectedSince: number | undefined

  constructor(options: StandingOptions) {
    this.#options = options
    this.#startedAtMs = options.clock.epochMs()
    this.#oncePerMinute = new OncePerMinute(options.clock)
    this.#speaking = setInterval(() => void this.speak(), SPEAK_EVERY_MS)
  }

  /** The code this worker stands aside with; `undefined` while it works. */
  get asideCode(): string | undefined {
    return this.#aside?.code
  }

  /** Says in Redis what this worker is, and halts the fleet where all its workers stand aside. Never rejects. */
  async speak(): Promise<void> {
    const { members, bond, control, log } = this.#options
    try {
      if (!(await bond.holds())) return
      const live = await members.speak(this.#describe())
      this.#compareCeilings(live)
      const { aside } = this.#describe()
      if (aside === null || aside.code === UNREACHABLE || live.some(member => member.aside === null)) return
      const { code, reason } = aside
      const halted = await control.halt({ code, reason, host: hostname() }, firstProbeAfterMs(code))
      if (halted) log.error({ code: aside.code, workers: live.length }, `fleet halted: ${aside.reason}`)
    } catch (error) {
      log.debug({ err: error }, 'could not say what this worker is')
    }
  }

  #compareCeilings(live: readonly Member[]): void {
    const { ceilingPerSecond, log } = this.#options
    const lowest = live.toSorted((a, b) => a.ceilingPerSecond - b.ceilingPerSecond)[0]
    if (lowest === undefined || lowest.ceilingPerSecond >= ceilingPerSecond || !this.#oncePerMinute.allows('ceiling'))
      return
    const { host, ceilingPerSecond: perSecond } = lowest
    log.warn({ host, perSecond }, 'another worker has a lower RATE_LIMIT_PER_SECOND, which counts for the whole fleet')
  }

  /**
   * Finds out whose fault an answer is. Meanwhile further requests of this worker wait, so that a fault of ours meets no
   * more accounts than are under way. Where it is ours, this worker stands aside from now on.
   */
  async judge({ reason, act, call, isKnown }: Accusation): Promise<Blame> {
    const { traffic, clock } = this.#options
    if (this.#aside !== null) return 'ours'
    if (needsAPerson(reason.code)) return this.#standAside(reason, act)
    if (isKnown && call !== undefined && traffic.hasSucceededSince(call.command, clock.monotonicMs() - LATELY_MS)) {
      return 'account'
    }
    traffic.hold()
    try {
      const signal = AbortSignal.timeout(JUDGE_WITHIN_MS)
      if (call !== undefined && (await traffic.othersSucceed(call, signal))) return 'account'
      this.#probing ??= this.#probe(reason, act).finally(() => {
        this.#probing = undefined
      })
      return await this.#probing
    } finally {
      traffic.release()
    }
  }

  async #probe(reason: Reason, act: string | undefined): Promise<Blame> {
    const probed = await this.#options.prober.probe()
    if (probed.kind === 'healthy') return 'account'
    // Three accounts in a row may have met a refusal that is no code of the vendor's. The probe meets it too.
    const isSame = probed.verdict?.reason.code === reason.code
    return probed.kind === 'sick' || isSame ? this.#standAside(reason, act) : 'ours'
  }

  /** Notes that a connection to the vendor could not be opened. */
  connectFailed(why: string): void {
    const now = this.#options.clock.monotonicMs()
    this.#disconnectedSince ??= now
    if (now - this.#disconnectedSince < UNREACHABLE_AFTER_MS || this.#aside !== null) return
    const text = `the vendor cannot be reached (${why})`
    void this.#standAside({ code: UNREACHABLE, text }, 'Check IM_BASE_URL, DNS, firewall and proxy of this host.')
  }

  /** Notes that a connection to the vendor is open. */
  connected(): void {
    this.#disconnectedSince = undefined
  }

  /** Works again. Safe to repeat. */
  async comeBack(): Promise<void> {
    const { gate, log } = this.#options
    const aside = this.#aside
    if (aside === null) return
    clearTimeout(this.#probeTimer)
    this.#aside = null
    this.#disconnectedSince = undefined
    log.info({ code: aside.code }, 'this worker works again')
    this.#options.onAside(undefined)
    gate.open('aside')
    await this.speak()
  }

  /** Takes this worker off the fleet's list. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#speaking)
    clearTimeout(this.#probeTimer)
    await this.#options.members.leave(this.#id).catch(() => {})
  }

  async #standAside(reason: Reason, act: string | undefined): Promise<'ours'> {
    const { gate, clock, log } = this.#options
    if (this.#aside !== null) return 'ours'
    const text = act === undefined ? reason.text : `${reason.text}. ${act}`
    this.#aside = { code: reason.code, reason: text, sinceMs: clock.epochMs() }
    gate.close('aside')
    this.#options.onAside(reason.code)
    log.error({ code: reason.code, act }, `this worker stands aside: ${reason.text}`)
    if (!needsAPerson(reason.code)) this.#probeAfter(firstProbeAfterMs(reason.code))
    await this.speak()
    return 'ours'
  }

  #probeAfter(ms: number): void {
    clearTimeout(this.#probeTimer)
    this.#probeTimer = setTimeout(() => void this.#probeAgain(), ms)
  }

  async #probeAgain(): Promise<void> {
    const { clock, log } = this.#options
    const aside = this.#aside
    if (aside === null) return
    const nextProbeMs = nextProbeAfterMs(aside.code, clock.epochMs() - aside.sinceMs)
    this.#probeAfter(nextProbeMs)
    if (await this.#isMended(aside.code)) return this.comeBack()
    log.warn({ code: aside.code, nextProbeMs }, `still aside: ${aside.reason}`)
  }

  async #isMended(code: string): Promise<boolean> {
    const { prober, readFleet } = this.#options
    if (code === UNREACHABLE) return prober.canConnect()
    // In a halted fleet one worker probes for all; see the guard.
    const halted = await readFleet().then(
      fleet => fleet.halted !== null,
      () => true,
    )
    return !halted && (await prober.probe()).kind === 'healthy'
  }

  #describe(): Member {
    return {
      id: this.#id,
      host: hostname(),
      pid: process.pid,
      version: readVersion(),
      ceilingPerSecond: this.#options.ceilingPerSecond,
      startedAtMs: this.#startedAtMs,
      aside: this.#aside,
    }
  }
}
