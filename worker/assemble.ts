import { readVersion } from '../config/version.ts'
import type { ForeignFleetError } from '../jobs/job/errors.ts'
import { openProgress, sealProgress } from '../jobs/receipts/sealed-progress.ts'
import { contractText } from '../jobs/status/fleet-contract.ts'
import { createFleetMembers } from '../jobs/status/fleet-members.ts'
import { createFleetReader } from '../jobs/status/fleet-state.ts'
import { createFleetStatusReader, type FleetStatus } from '../jobs/status/fleet-status.ts'
import { systemClock, systemTimers } from '../limiter/clock.ts'
import { Limiter } from '../limiter/limiter.ts'
import { OncePerMinute } from '../limiter/once-per-minute.ts'
import { createFleetReading } from '../metrics/fleet-reading.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { answerWithin } from '../redis/answer-within.ts'
import { type RedisConnection, withAdvice } from '../redis/connection.ts'
import { keysOf } from '../redis/keys.ts'
import { openRedis } from '../redis/open-redis.ts'
import type { BeforeClear } from './attempt/before-clear.ts'
import type { ProcessJobOptions } from './attempt/process-job.ts'
import { ClosingList } from './closing-list.ts'
import { readDuty } from './duty.ts'
import { watchFleet } from './halt/fleet-watch.ts'
import { Gate } from './halt/gate.ts'
import { Prober } from './halt/prober.ts'
import { QueueGuard } from './halt/queue-guard.ts'
import { Standing } from './halt/standing.ts'
import { startHttpServer } from './http-server.ts'
import { type Duty, Liveness } from './observe/liveness.ts'
import type { Logger } from './observe/log.ts'
import { createRecorder } from './observe/recorder.ts'
import { traceRequest } from './observe/traces.ts'
import { openStores, type Stores } from './open-stores.ts'
import { Pool, type PoolOptions } from './pool/pool.ts'
import { COMMANDS } from './vendor/client.ts'
import { reasonOfConnect } from './vendor/connections.ts'
import { FaultStreaks } from './vendor/fault-streaks.ts'
import { openVendor, type Vendor } from './vendor/open-vendor.ts'
import { createPacedCall, type PacedCall } from './vendor/paced-call.ts'
import { Traffic } from './vendor/traffic.ts'
import type { WorkerSettings } from './worker-settings.ts'

/** A worker that is built and not started. */
export interface AssembledWorker {
  /** Resolves when the fleet turned out to be another one's. The worker must drain and end then. */
  readonly foreign: Promise<ForeignFleetError>
  /** Reads the status of the fleet. */
  readonly readStatus: () => Promise<FleetStatus>
  start(): void
  /** Takes no more jobs, waits for the requests under way, hands back the other jobs, and closes all parts. */
  drain(): Promise<void>
}

const PING_WITHIN_MS = 2000

/**
 * Builds all parts of a worker. No other file does; after a failure all parts are closed again.
 *
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {RedisTooOldError} when it is older than 6.2
 * @throws {ForeignFleetError} when the fleet there is bound to another app, host, receipt key or data version
 * @throws {PortInUseError} when the HTTP port is taken
 */
export async function assembleWorker(
  settings: WorkerSettings,
  log: Logger,
  beforeClear?: BeforeClear,
): Promise<AssembledWorker> {
  const closing = new ClosingList()
  try {
    return await assemble({ settings, log, closing }, beforeClear)
  } catch (error) {
    await closing.closeAll()
    throw withAdvice(error)
  }
}

async function assemble(base: Base, beforeClear: BeforeClear | undefined): Promise<AssembledWorker> {
  const { settings, log, closing } = base
  const stores = await openStores(settings, log, closing)
  const vendor = openVendor(settings, log)
  closing.add(vendor.connections, each => each.close())
  const metrics = openMetrics(base, stores, vendor)
  const limiter = openLimiter(base, stores, metrics)

  const faultStreaks = new FaultStreaks()
  const halt = await openHalt(base, stores, vendor, limiter, faultStreaks, metrics)
  const liveness = openLiveness(base, async () => readDuty({ ...stores, ...halt, pool, closing }))
  await serveHttp(base, stores, metrics, halt.standing, liveness)
  const recorder = closing.add(createRecorder({ metrics, clock: systemClock, log }), each => each.close())
  const attempt: ProcessJobOptions = {
    call: openCall(base, vendor, limiter, metrics, halt, liveness),
    faultStreaks,
    settlement: stores.settlement,
    standing: halt.standing,
    openProgress: (job, found) => openProgress(job, found, stores.sealer),
    beforeClear,
    maxAttempts: settings.MAX_ATTEMPTS,
    verifyShare: settings.VERIFY,
    app: settings.IM_SDK_APP_ID,
  }
  const pool = openPool(base, stores, { attempt, recorder, guard: halt.guard, onSign: liveness.sign })
  halt.gate.add(limiter)
  halt.gate.add(pool)
  await listenToFleet(base, halt.guard)
  await halt.guard.begin()
  // Before the first permit: from now on all workers keep to this one's ceiling, if it is the lowest.
  await halt.standing.speak()

  return {
    foreign: stores.bond.broken,
    readStatus: createFleetStatusReader(stores.redis, settings.REDIS_PREFIX, ratesOf(settings)),
    start: () => {
      for (const command of COMMANDS) limiter.prepare(command)
      pool.start()
    },
    drain: () => closing.closeAll(),
  }
}

/** Shared by all parts. */
interface Base {
  readonly settings: WorkerSettings
  readonly log: Logger
  readonly closing: ClosingList
}

const ratesOf = (settings: WorkerSettings) => ({
  ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
  margin: settings.RATE_LIMIT_MARGIN,
})

function openMetrics({ settings }: Base, { redis }: Stores, { connections, signer }: Vendor): Metrics {
  return createMetrics({
    version: readVersion(),
    ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
    jobSlots: settings.WORKER_CONCURRENCY,
    commands: COMMANDS,
    readFleet: createFleetReading(redis, settings.REDIS_PREFIX, ratesOf(settings), COMMANDS),
    readProcess: () => ({ vendorConnections: connections.count, userSigExpiresAt: signer.expiresAt() }),
  })
}

function openLimiter({ settings, log, closing }: Base, { permitsRedis, contract }: Stores, metrics: Metrics): Limiter {
  const limiter = new Limiter({
    redis: permitsRedis,
    prefix: settings.REDIS_PREFIX,
    ...ratesOf(settings),
    contract: contractText(contract),
    onPermit: metrics.permit,
    onRefused: reason =>
      log.error({ reason }, 'Redis grants no permits, so no call is made; `clear-friends doctor` says more'),
    onRate: (command, trouble, perSecond) => log.warn({ command, trouble, perSecond }, 'the fleet’s rate was changed'),
  })
  return closing.add(limiter, each => each.close())
}

function openCall(
  { settings, log }: Base,
  vendor: Vendor,
  limiter: Limiter,
  metrics: Metrics,
  { traffic, standing }: HaltParts,
  liveness: Liveness,
): PacedCall {
  const oncePerMinute = new OncePerMinute(systemClock)
  return createPacedCall({
    ...vendor,
    ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
    limiter,
    traffic,
    clock: systemClock,
    onConnected: () => standing.connected(),
    onConnectFailed: error => {
      const why = reasonOfConnect(error)
      metrics.connectFailed(why)
      if (oncePerMinute.allows(why)) log.warn({ reason: why }, 'the vendor cannot be reached')
      standing.connectFailed(why)
    },
    onRequest: (command, verdict, durationMs) => {
      liveness.sign()
      metrics.requestDone(command, verdict.label, durationMs)
      traceRequest(command, verdict, durationMs, vendor.hostname)
    },
  })
}

function openLiveness({ closing }: Base, readDuty: () => Promise<Duty>): Liveness {
  return closing.add(new Liveness({ readDuty, clock: systemClock, timers: systemTimers }), each => each.close())
}

async function serveHttp(
  { settings, log, closing }: Base,
  { redis }: Stores,
  metrics: Metrics,
  standing: Standing,
  liveness: Liveness,
): Promise<void> {
  const http = await startHttpServer({
    host: settings.HTTP_HOST,
    port: settings.HTTP_PORT,
    metrics,
    hangsForMs: () => liveness.hangsForMs,
    readiness: async () => {
      if (closing.hasBegun) return { ready: false, reason: 'draining' }
      if (standing.asideCode !== undefined) return { ready: false, reason: `stands aside, ${standing.asideCode}` }
      const answered = redis.status === 'ready' && (await pings(redis))
      return answered ? { ready: true } : { ready: false, reason: 'Redis does not answer' }
    },
  })
  closing.add(http, each => each.close())
  log.info({ port: http.port, host: settings.HTTP_HOST }, 'listening for health checks and metrics')
}

async function pings(redis: RedisConnection): Promise<boolean> {
  const pinged = redis.ping().then(
    () => true,
    () => false,
  )
  return (await answerWithin(PING_WITHIN_MS, pinged)) ?? false
}

/** Parts that stop this process from calling where it must not. */
interface HaltParts {
  readonly gate: Gate
  readonly traffic: Traffic
  readonly standing: Standing
  readonly guard: QueueGuard
}

async function openHalt(
  { settings, log, closing }: Base,
  { redis, control, bond }: Stores,
  vendor: Vendor,
  limiter: Limiter,
  faultStreaks: FaultStreaks,
  metrics: Metrics,
): Promise<HaltParts> {
  const prefix = settings.REDIS_PREFIX
  const gate = new Gate()
  const traffic = new Traffic()
  gate.add(traffic)
  await control.align()
  const prober = new Prober({ ...vendor, limiter })
  const readFleet = createFleetReader(redis, prefix)
  const shared = { control, readFleet, prober, bond, gate, clock: systemClock, log }
  const members = createFleetMembers(redis, prefix)
  const ceilingPerSecond = settings.RATE_LIMIT_PER_SECOND
  const onAside = (code: string | undefined): void => metrics.aside(code)
  const standing = closing.add(new Standing({ ...shared, members, traffic, ceilingPerSecond, onAside }), each =>
    each.close(),
  )
  const guard = new QueueGuard({ ...shared, redis, prefix, standing, faultStreaks })
  closing.add(guard, each => each.stop())
  return { gate, traffic, standing, guard }
}

function openPool(
  { settings, log, closing }: Base,
  { redis, settlement, jobNames, sealer }: Stores,
  parts: Pick<PoolOptions, 'attempt' | 'recorder' | 'guard' | 'onSign'>,
): Pool {
  const { REDIS_PREFIX: prefix, WORKER_CONCURRENCY: concurrency } = settings
  const pool = new Pool({
    ...{ redis, prefix, settlement, jobNames, concurrency, log },
    sealProgress: (job, progress) => sealProgress(job, progress, sealer),
    ...parts,
  })
  return closing.add(pool, each => each.drain())
}

/** Makes the guard act on halts and pauses at once; the news need a connection of their own. */
async function listenToFleet({ settings, log, closing }: Base, guard: QueueGuard): Promise<void> {
  const news = closing.add(openRedis(settings, 'worker'), each => each.disconnect())
  news.on('error', error => log.debug({ err: error }, 'Redis connection for news'))
  await watchFleet(news, keysOf(settings.REDIS_PREFIX).fleet, what =>
    what === 'closed' ? guard.close() : void guard.goOn(),
  )
}
