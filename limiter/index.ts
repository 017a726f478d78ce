/**
 * The door `clear-friends/permits`, for other programs that call the vendor with the same app id. The ceiling is the
 * app's, not a program's, so these programs share it with the workers.
 *
 * What belongs in `limiter/`: permits on Redis' clock, the lane of calls that wait for them, the fleet's rate, and the
 * clock itself. What does not: how a call is made or repeated (`worker/vendor/`), and why the fleet stands still
 * (`jobs/status/`).
 */

export type { PermitResult } from './limiter.ts'
export type { Closed, Paced, PaceOptions } from './paced.ts'
export { createPermits, InvalidPermitOptionsError, type Permits, type PermitsOptions } from './permits.ts'
export type { HealthSignal } from './trouble-watch.ts'
