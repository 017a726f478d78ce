import type { Contestant } from './contestant.ts'

// BullMQ removes finished jobs, as in our worker: keeping some would cost the others commands that we do not spend.
const GOES_WHEN_DONE = { removeOnComplete: true, removeOnFail: true }

/** The contestants beside our worker, by the name with which their processes are started. */
export const FIELD = {
  'bullmq-limiter-p-retry': {
    title: 'BullMQ `limiter`, p-retry in the processor',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./bullmq-limiter-p-retry.ts')).bullmqLimiterPRetry,
  },
  'bullmq-limiter-attempts': {
    title: 'BullMQ `limiter`, attempts',
    jobOptions: { ...GOES_WHEN_DONE, attempts: 10, backoff: { type: 'exponential', delay: 1000 } },
    load: async () => (await import('./bullmq-limiter-attempts.ts')).bullmqLimiterAttempts,
  },
  'bottleneck-clustering': {
    title: 'Bottleneck, clustering',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./bottleneck-clustering.ts')).bottleneckClustering,
  },
  'rate-limiter-flexible': {
    title: 'rate-limiter-flexible, its queue',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./rate-limiter-flexible.ts')).rateLimiterFlexible,
  },
  'p-queue-per-process': {
    title: 'p-queue, a share for each process',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./p-queue-per-process.ts')).pQueuePerProcess,
  },
  'clear-friends-permits': {
    title: 'clear-friends, its permits alone',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./clear-friends-permits.ts')).clearFriendsPermits,
  },
  'no-limiter': {
    title: 'BullMQ without a limiter',
    jobOptions: GOES_WHEN_DONE,
    load: async () => (await import('./no-limiter.ts')).noLimiter,
  },
} as const satisfies Readonly<Record<string, Contestant>>

/** Names of the contestants. */
export type ContestantName = keyof typeof FIELD
