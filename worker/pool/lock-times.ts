/** Redis may be away this long before another worker takes the jobs in hand too (measured). */
export const LOCK_MS = 30_000
/** After kill -9 a job runs again within 45 s: its lock ends after 30 s, and BullMQ looks every 15 s. */
export const STALLED_CHECK_MS = 15_000
