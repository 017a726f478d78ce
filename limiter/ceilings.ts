/**
 * Calls per second of commands that the vendor allows less than the usual 200 (pages 1047/34956 and 1047/34955, read
 * 2026-11).
 */
const LOWER_CEILINGS: Readonly<Record<string, number>> = { account_check: 100, account_delete: 100 }

/**
 * Gives the vendor's ceiling of one command, in calls per second.
 *
 * @param command the vendor's command
 * @param ceilingPerSecond `RATE_LIMIT_PER_SECOND`, for commands without a lower ceiling of their own
 */
export const ceilingOf = (command: string, ceilingPerSecond: number): number =>
  Math.min(ceilingPerSecond, LOWER_CEILINGS[command] ?? ceilingPerSecond)
