import type { Settings } from '../config/load-settings.ts'
import type { Secret } from '../config/secret.ts'
import { readVersion } from '../config/version.ts'
import { openQueue } from '../jobs/job/queue.ts'
import { Checkpoints } from '../jobs/receipts/checkpoints.ts'
import { ReceiptKeeper } from '../jobs/receipts/receipt-keeper.ts'
import { createReceiptSeals } from '../jobs/receipts/receipt-seals.ts'
import { createSettlement } from '../jobs/settle/settlement.ts'
import { createFleetControl } from '../jobs/status/fleet.ts'
import { systemClock } from '../limiter/clock.ts'
import { Limiter } from '../limiter/limiter.ts'
import { createFleetReading } from '../metrics/fleet-reading.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { answerWithin } from '../redis/answer-within.ts'
import { type RedisConnection, waitUntilReady, withAdvice } from '../redis/connection.ts'
import { keysOf } from '../redis/keys.ts'
import { openRedis, redisSettings } from '../redis/open-redis.ts'
import type { BeforeClear } from './attempt/before-clear.ts'
import { processJob } from './attempt/process-job.ts'
import { watchFleet } from './halt/fleet-watch.ts'
import { needsAPerson, Prober } from './halt/prober.ts'
import { QueueGuard } from './halt/queue-guard.ts'
import { startHttpServer } from './http-server.ts'
import { createLog, type Logger } from './observe/log.ts'
import { createRecorder } from './observe/recorder.ts'
import { traceJob, traceRequest } from './observe/traces.ts'
import { Pool } from './pool/pool.ts'
import { EventsWatch } from './upkeep/events-watch.ts'
import { ReceiptWatch } from './upkeep/receipt-watch.ts'
import { ApiClient, COMMANDS } from './vendor/client.ts'
import { Connections } from './vendor/connections.ts'
import { FaultStreaks } from './vendor/fault-streaks.ts'
import { createPacedCall } from './vendor/paced-call.ts'
import { Signer } from './vendor/signer.ts'

/** The settings that a worker needs. */
export const workerSettings = [
  ...redisSettings,
  'IM_BASE_URL',
  'IM_SDK_APP_ID',
  'IM_ADMIN',
  'IM_SECRET_KEY',
  'RATE_LIMIT_PER_SECOND',
  'RATE_LIMIT_MARGIN',
  'VERIFY',
  'WORKER_CONCURRENCY',
  'MAX_ATTEMPTS',
  'RECEIPT_KEY',
  'RECEIPT_DAYS',
  'HTTP_HOST',
  'HTTP_PORT',
  'DRAIN_SECONDS',
  'LOG_LEVEL',
] as const

/** Parsed settings of a worker. */
export type WorkerSettings = Settings<(typeof workerSettings)[number]>

/** A worker, built and not yet started. */
export interface AssembledWorker {
  readonly log: Logger
  start(): void
  /** Takes nothing more, finishes what is sent, hands back the rest, closes everything. */
  drain(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 5000
const PING_WITHIN_MS = 2000

/**
 * Builds all parts of a worker; the only file that does.
 *
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {PortInUseError} when the HTTP port is taken
 */
export async function assembleWorker(settings: WorkerSettings, beforeClear?: BeforeClear): Promise<AssembledWorker> {
  const closing = new ClosingList()
  try {
    return await assemble(settings, beforeClear, closing)
  } catch (error) {
    await closing.closeAll()
    throw withAdvice(error)
  }
}

async function assemble(
  settings: WorkerSettings,
  beforeClear: BeforeClear | undefined,
  closing: ClosingList,
): Promise<AssembledWorker> {
  const log = createLog(settings.LOG_LEVEL)
  const prefix = settings.REDIS_PREFIX
  const clock = systemClock
  const rateSettings = {
    ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
    margin: settings.RATE_LIMIT_MARGIN,
  }

  const redis = closing.add(openRedis(settings, 'worker'), each => each.disconnect())
  const permitsRedis = closing.add(openRedis(settings, 'permits'), each => each.disconnect())
  // Each command reports its own failure; these listeners keep an outage from ending the process.
  redis.on('error', error => log.debug({ err: error }, 'Redis connection'))
  permitsRedis.on('error', error => log.debug({ err: error }, 'Redis connection for permits'))
  await waitUntilReady(permitsRedis)
  const queue = closing.add(await openQueue(redis, prefix), each => each.close())
  closing.add(new EventsWatch(redis, prefix, log), each => each.close())
  redis.on('close', () => closing.hasBegun || log.warn('the connection to Redis is gone; no calls until it is back'))
  redis.on('ready', () => log.info('the connection to Redis is back'))
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  const receiptOptions = { redis, prefix, seals, receiptDays: settings.RECEIPT_DAYS }
  await new Checkpoints(redis, prefix, seals).requireKey()
  const settlement = createSettlement(receiptOptions)
  const keeper = new ReceiptKeeper(receiptOptions)
  closing.add(new ReceiptWatch({ redis, prefix, keeper, clock, log }), each => each.close())

  const signer = new Signer({
    sdkAppId: settings.IM_SDK_APP_ID,
    admin: settings.IM_ADMIN,
    key: () => settings.IM_SECRET_KEY.reveal(),
    reloadKey: () => reloadKey(settings.IM_SECRET_KEY, log),
  })
  const { origin, hostname } = new URL(settings.IM_BASE_URL)
  const connections = new Connections({ origin, connectTimeoutMs: CONNECT_TIMEOUT_MS })
  closing.add(connections, each => each.close())
  const metrics = createMetrics({
    version: readVersion(),
    ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
    jobSlots: settings.WORKER_CONCURRENCY,
    commands: COMMANDS,
    readFleet: createFleetReading(redis, prefix, rateSettings, COMMANDS),
    readProcess: () => ({
      vendorConnections: connections.count,
      userSigExpiresAt: signer.expiresAt(),
    }),
  })
  const limiter = new Limiter({
    redis: permitsRedis,
    prefix,
    ...rateSettings,
    onPermit: metrics.permit,
    onRefused: reason =>
      log.error({ reason }, 'Redis grants no permits, so no call is made; `clear-friends doctor` says more'),
    onRate: (command, trouble, perSecond) => log.warn({ command, trouble, perSecond }, 'the fleet’s rate was changed'),
  })
  closing.add(limiter, each => each.close())
  const client = new ApiClient({ sdkAppId: settings.IM_SDK_APP_ID, admin: settings.IM_ADMIN, signer })
  const faultStreaks = new FaultStreaks()
  const call = createPacedCall({
    ceilingPerSecond: settings.RATE_LIMIT_PER_SECOND,
    limiter,
    client,
    connections,
    signer,
    clock,
    onRequest: (command, verdict, durationMs) => {
      metrics.requestDone(command, verdict.label, durationMs)
      traceRequest(command, verdict, durationMs, hostname)
    },
  })

  const http = await startHttpServer({
    host: settings.HTTP_HOST,
    port: settings.HTTP_PORT,
    metrics,
    readiness: async () => {
      if (closing.hasBegun) return { ready: false, reason: 'draining' }
      const answered = redis.status === 'ready' && (await pings(redis))
      return answered ? { ready: true } : { ready: false, reason: 'Redis does not answer' }
    },
  })
  closing.add(http, each => each.close())
  log.info({ port: http.port, host: settings.HTTP_HOST }, 'listening for health checks and metrics')

  const control = createFleetControl(redis, queue, prefix)
  await control.align()
  const admin = settings.IM_ADMIN
  const prober = new Prober({ redis, prefix, control, limiter, client, connections, signer, admin, clock, log })
  const gate = {
    close: () => {
      limiter.shut('halted')
      pool.closeGate()
    },
    open: () => {
      faultStreaks.forget(needsAPerson)
      limiter.open()
      pool.openGate()
    },
  }
  const guard = closing.add(new QueueGuard({ redis, prefix, control, prober, clock, log, gate }), each => each.stop())
  const recorder = closing.add(createRecorder({ metrics, guard, clock, log }), each => each.close())
  const jobOptions = {
    call,
    faultStreaks,
    settlement,
    beforeClear,
    maxAttempts: settings.MAX_ATTEMPTS,
    verifyShare: settings.VERIFY,
  }
  const pool: Pool = new Pool({
    redis,
    prefix,
    concurrency: settings.WORKER_CONCURRENCY,
    maxAttempts: settings.MAX_ATTEMPTS,
    process: (job, signal) => metrics.inHand(() => traceJob(job, () => processJob(job, jobOptions, signal))),
    settlement,
    onProcessed: recorder.processed,
    log,
  })
  closing.add(pool, each => each.drain())
  const news = closing.add(openRedis(settings, 'worker'), each => each.disconnect())
  news.on('error', error => log.debug({ err: error }, 'Redis connection for news'))
  await watchFleet(news, keysOf(prefix).fleet, what => (what === 'closed' ? guard.close() : void guard.look()))

  return {
    log,
    start: () => {
      for (const command of COMMANDS) limiter.prepare(command)
      pool.start()
    },
    drain: () => closing.closeAll(),
  }
}

function reloadKey(key: Secret, log: Logger): boolean {
  try {
    return key.reload()
  } catch (error) {
    log.error({ err: error }, 'the file of the secret key cannot be read; the key in use stays')
    return false
  }
}

/** Remembers how to close what was opened; closes the last first. */
class ClosingList {
  readonly #closers: (() => unknown)[] = []
  #hasBegun = false

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  add<T>(part: T, close: (part: T) => unknown): T {
    this.#closers.push(() => close(part))
    return part
  }

  async closeAll(): Promise<void> {
    this.#hasBegun = true
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

const pings = async (redis: RedisConnection): Promise<boolean> =>
  (await answerWithin(
    PING_WITHIN_MS,
    redis.ping().then(
      () => true,
      () => false,
    ),
  )) ?? false
