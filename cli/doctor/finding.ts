/** What a check of `doctor` found: fine, worth a thought, or in the way; and what to do about it. */
export interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'failure'
  readonly found: string
  /** What to do; absent where all is well. */
  readonly advice?: string
}

export const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found })
export const warning = (check: string, found: string, advice: string): Finding => ({
  check,
  result: 'warning',
  found,
  advice,
})
export const failure = (check: string, found: string, advice: string): Finding => ({
  check,
  result: 'failure',
  found,
  advice,
})
