import type { LogFault } from '../read/log-follower.ts'

/**
 * What came of a turn of the keeper.
 * - `kept`: a new head was signed; `nothing_new`: there was nothing to sign yet.
 * - `moved`: another keeper was quicker.
 * - `suspect`: something does not fit. The next turn shows whether it was only under way, or lost with a crash of Redis.
 * - `broken`: it still does not fit. Nothing is signed until a person has taken note of it.
 */
export type KeepResult =
  | { readonly kind: 'kept'; readonly note: string }
  | { readonly kind: 'nothing_new' | 'moved' }
  | { readonly kind: 'suspect' | 'broken'; readonly fault: LogFault }
