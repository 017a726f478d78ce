/**
 * A public door, `clear-friends/permits`: for other programs that call the vendor with the same app id. Its ceiling is the
 * app's, not a program's; whoever asks for permits here shares it with the workers.
 */
export type { Closed, Paced, PaceOptions } from './lane.ts'
export type { PermitResult } from './limiter.ts'
export { createPermits, InvalidPermitOptionsError, type Permits, type PermitsOptions } from './permits.ts'
export type { Sign } from './trouble-watch.ts'
