/** What a check of `doctor` found: fine, worth a thought, or in the way; and what to do about it. */
export interface CheckResult {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'failure'
  readonly found: string
  /** What to do; absent where all is well. */
  readonly advice?: string
}

/** A check that found all well. */
export const ok = (check: string, found: string): CheckResult => ({ check, result: 'ok', found })
/** A check that found something worth a thought; `advice` says what to do. */
export const warning = (check: string, found: string, advice: string): CheckResult => ({
  check,
  result: 'warning',
  found,
  advice,
})
/** A check that found something that stands in the way; `advice` says what to do. */
export const failure = (check: string, found: string, advice: string): CheckResult => ({
  check,
  result: 'failure',
  found,
  advice,
})
