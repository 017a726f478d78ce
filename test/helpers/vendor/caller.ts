import type { Caller } from '../../../worker/vendor/send-request.ts'

/** Makes a caller that wants to hear nothing and gives up at the signal; default: never. */
export const aCaller = (signal: AbortSignal = new AbortController().signal): Caller => ({
  signal,
  rank: 0,
  onInLine: () => {},
  onSent: () => {},
})
