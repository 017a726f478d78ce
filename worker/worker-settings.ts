import type { Settings } from '../config/settings.ts'
import { redisSettings } from '../redis/open-redis.ts'

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
  'MISSING_SHARE',
  'RECEIPT_KEY',
  'RECEIPT_DAYS',
  'HTTP_HOST',
  'HTTP_PORT',
  'DRAIN_SECONDS',
  'LOG_LEVEL',
] as const

/** Parsed settings of a worker. */
export type WorkerSettings = Settings<(typeof workerSettings)[number]>
