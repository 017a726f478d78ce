import type { Certificate } from '../../jobs/receipts/certificate/certificate.ts'
import type { FleetStatus } from '../../jobs/status/fleet-status.ts'
import type { Done } from '../import/files/checkpoint.ts'
import { sumsInWords } from '../import/report.ts'
import { count, counted, span } from '../words.ts'
import type { ProofFiles } from './proof-files.ts'
import type { RunSummary } from './run-state.ts'

/** What a run has written. */
export interface WrittenProof {
  /** Faults of the receipts in Redis, in words. */
  readonly troubles: readonly string[]
  /** `undefined` where there are faults, or the file held no account. */
  readonly certificate: Certificate | undefined
}

/** Facts at the end of a run's process. */
export interface RunFacts {
  readonly file: string
  readonly result: RunSummary['result']
  readonly reason: string | null
  readonly sums: Done
  /** The last status that was read; `undefined` where the run ended before it. */
  readonly status: FleetStatus | undefined
  /** `undefined` where nothing was written. */
  readonly written: WrittenProof | undefined
  readonly proof: ProofFiles
  readonly rejectedFile: string
  /** The folder of the state; `null` where it is removed. */
  readonly state: string | null
  readonly seconds: number
}

/** Sums the end of a run up. */
export function summarise(facts: RunFacts): RunSummary {
  const { file, result, reason, sums, status, written, proof, seconds } = facts
  const { cleared = 0, not_imported: notImported = 0, cancelled = 0 } = status?.outcomes ?? {}
  const { waiting = 0, active = 0, delayed = 0, failed: dead = 0 } = status?.queue ?? {}
  const { lines, accepted, duplicate, rejected } = sums
  return {
    ...{ type: 'summary', result, file, lines, accepted, duplicate, rejected },
    ...{ cleared, verified: written?.certificate?.verification.yes ?? 0, unproved: status?.unproved ?? 0 },
    ...{ notImported, dead, cancelled, pending: waiting + active + delayed },
    seconds: Math.round(seconds * 10) / 10,
    receipts: written === undefined ? null : proof.receipts,
    certificate: written?.certificate === undefined ? null : proof.page,
    rejectedFile: rejected > 0 ? facts.rejectedFile : null,
    state: facts.state,
    reason,
  }
}

/** Puts a summary into ten lines at most. */
export function summaryInWords(summary: RunSummary, sums: Done): string[] {
  const { file, cleared, verified, unproved, notImported, dead, cancelled, pending, seconds } = summary
  const seen = summary.certificate === null ? '' : `, ${count(verified)} of them seen empty`
  const perSecond = seconds === 0 ? 0 : (cleared + notImported + dead) / seconds
  return [
    `file      ${file}: ${sumsInWords(sums)}`,
    `cleared   ${count(cleared)}${seen}${unproved === 0 ? '' : `, ${count(unproved)} could not be looked at`}`,
    `others    ${count(notImported)} unknown to the vendor, ${counted(dead, 'dead letter')}, ${count(cancelled)} cancelled, ${count(pending)} pending`,
    `time      ${span(seconds)}, ${perSecond.toFixed(1)} accounts/s`,
    ...(summary.receipts === null ? [] : [`receipts  ${summary.receipts}`]),
    ...(summary.certificate === null ? [] : [`certified ${summary.certificate}`]),
    ...(summary.rejectedFile === null ? [] : [`rejected  ${summary.rejectedFile}`]),
    `state     ${summary.state ?? 'removed: nothing is left to do'}`,
    `result    ${RESULTS[summary.result]}${summary.reason === null ? '' : `: ${summary.reason}`}`,
  ]
}

const RESULTS: Readonly<Record<RunSummary['result'], string>> = {
  done: 'done',
  remains: 'done, but something is left for you',
  stopped: 'stopped before the end; the same command goes on',
}
