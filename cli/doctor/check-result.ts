/** Result of a check of `doctor`. A `failure` keeps the fleet from working; a `warning` does not. */
export interface CheckResult {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'failure'
  readonly found: string
  /** Advice for the operator; absent if all is well. */
  readonly advice?: string
}

/** Makes a finding without a fault. */
export const ok = (check: string, found: string): CheckResult => ({ check, result: 'ok', found })

type MakeFault = (check: string, found: string, advice: string) => CheckResult

/** Makes a finding that does not keep the fleet from working. */
export const warning: MakeFault = (check, found, advice) => ({ check, result: 'warning', found, advice })

/** Makes a finding that keeps the fleet from working. */
export const failure: MakeFault = (check, found, advice) => ({ check, result: 'failure', found, advice })
