import type { ImportOptions } from '../import/prepare-import.ts'

/** Parsed options of `clear-friends run`: those of an import, and its own. */
export interface RunOptions extends Omit<ImportOptions, 'resume' | 'dryRun' | 'checkpointFile'> {
  /** Folder of the state. */
  readonly state?: string
  /** Keep the state when nothing is left to do. */
  readonly keep?: true
  /** Longest time of this process, in ms. */
  readonly maxTime?: number
  /** Try dead letters of an earlier process of this run once more. */
  readonly retry?: true
  /** Go on after a halt that only a person can end. */
  readonly goOn?: true
}
