import type { Command } from '../calls/commands.ts'
import type { Query } from '../http/query.ts'
import type { App } from './apps.ts'
import type { LimitTable } from './limit-table.ts'
import { REGION_OF_HOST } from './regions.ts'
import { decodeUserSig, isSignedWith, type UserSig } from './user-sig.ts'

/** A call as the gateway sees it, before its body is read. */
export interface GatewayCall {
  readonly command: Command
  readonly query: Query
  readonly host: string
  readonly remoteAddress: string
  /** Monotonic ms. */
  readonly at: number
  /** Epoch ms by the simulator's wall clock. */
  readonly now: number
}

const STANDING_CODES = {
  good: 0,
  disabled: 60016,
  plan_expired: 60020,
  ip_refused: 60021,
  trial_used_up: 60028,
} as const

const AUTH_WINDOW_MS = 60_000
const MAX_CACHED_TOKENS = 1000

/**
 * Decides on a call before its body is read: URL, app, region, signature, admin right, ceilings, in this order.
 * Answers 0 or the vendor's code. Only calls that get as far as the ceilings count against them.
 */
export class Gateway {
  readonly #apps: ReadonlyMap<number, App>
  readonly #limits: LimitTable
  readonly #authFailuresPerMinute: number
  /** By token, since workers send one token thousands of times. */
  readonly #userSigs = new Map<string, UserSig | undefined>()

  constructor(apps: ReadonlyMap<number, App>, limits: LimitTable, authFailuresPerMinute: number) {
    this.#apps = apps
    this.#limits = limits
    this.#authFailuresPerMinute = authFailuresPerMinute
  }

  check(call: GatewayCall): number {
    const { query } = call
    const urlCode = this.#checkUrl(query)
    if (urlCode !== 0) return urlCode
    const app = this.#apps.get(Number(query.sdkappid))
    if (app === undefined) return 70020
    return (
      this.#checkApp(app, call) ||
      this.#checkSignature(app, call) ||
      (app.options.admins.includes(query.identifier ?? '') ? 0 : 60010) ||
      this.#checkLimits(app, call)
    )
  }

  #checkUrl(query: Query): number {
    if (query.sdkappid === undefined || query.sdkappid === '') return 60012
    if (!/^\d{1,15}$/.test(query.sdkappid) || query.contenttype !== 'json') return 60025
    const identifier = query.identifier ?? ''
    if (identifier === '' || Buffer.byteLength(identifier) > 32) return 60025
    if (query.usersig === undefined || query.usersig === '') return 60025
    const random = query.random ?? ''
    return /^\d{1,10}$/.test(random) && Number(random) <= 4_294_967_295 ? 0 : 60025
  }

  #checkApp(app: App, call: GatewayCall): number {
    const { region, standing = 'good', allowedIps } = app.options
    if (standing !== 'good') return STANDING_CODES[standing]
    const hostRegion = REGION_OF_HOST[call.host]
    if (region !== undefined && hostRegion !== undefined && hostRegion !== region) return 60026
    return allowedIps === undefined || allowedIps.includes(call.remoteAddress) ? 0 : 60021
  }

  #checkSignature(app: App, call: GatewayCall): number {
    if (call.now < app.heldUntil) return 70050
    const code = this.#signatureCode(app, call)
    if (code !== 0) this.#noteFailure(app, call.now)
    return code
  }

  #signatureCode(app: App, { query, now }: GatewayCall): number {
    const userSig = this.#userSigOf(query.usersig ?? '')
    if (userSig === undefined) return 70003
    // The order of the vendor's Go library.
    if (userSig.sdkAppId !== app.options.sdkAppId) return 70014
    if (userSig.identifier !== query.identifier) return 70013
    if (Math.floor(now / 1000) > userSig.issuedAt + userSig.expireSeconds) return 70001
    return app.options.keys.some(key => isSignedWith(userSig, key)) ? 0 : 70009
  }

  #userSigOf(token: string): UserSig | undefined {
    if (!this.#userSigs.has(token)) {
      if (this.#userSigs.size >= MAX_CACHED_TOKENS) this.#userSigs.clear()
      this.#userSigs.set(token, decodeUserSig(token))
    }
    return this.#userSigs.get(token)
  }

  #noteFailure(app: App, now: number): void {
    const allowed = this.#authFailuresPerMinute
    if (allowed === 0) return
    app.authFailures.push(now)
    while ((app.authFailures[0] ?? now) <= now - AUTH_WINDOW_MS) app.authFailures.shift()
    if (app.authFailures.length <= allowed) return
    app.heldUntil = now + AUTH_WINDOW_MS
    app.authFailures = []
  }

  #checkLimits(app: App, { command, at }: GatewayCall): number {
    const { total } = this.#limits
    if (total !== undefined && !app.limitOf('all', total).take(at)) return 60011
    return app.limitOf(command.name, this.#limits.rules[command.name]).take(at) ? 0 : 60007
  }
}
