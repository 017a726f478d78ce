import { SingleBar } from 'cli-progress'
import type { Shell } from '../shell.ts'
import { count, span } from '../words.ts'
import type { Done } from './checkpoint.ts'

/** Time between two lines without a terminal: a sign of life in an import that takes hours. */
const LINE_EVERY_MS = 30_000
/** Time over which the rate is measured. */
const RATE_OVER_MS = 60_000
const BAR_EVERY_MS = 500

/**
 * Starts to show the figures of an import on stderr: a bar on a terminal, else a line every 30 seconds.
 *
 * @returns a function that ends the show
 */
export function showProgress(figures: ImportFigures, { stderr, say }: Shell): () => void {
  if (!stderr.isTTY) {
    const timer = setInterval(() => say(figures.text()), LINE_EVERY_MS)
    return () => clearInterval(timer)
  }
  const format = figures.totalBytes === undefined ? '{text}' : '{bar} {text}'
  const bar = new SingleBar({ format, stream: stderr, clearOnComplete: true, barsize: 20 })
  bar.start(figures.totalBytes ?? 0, 0, { text: figures.text() })
  const timer = setInterval(() => bar.update(figures.bytes, { text: figures.text() }), BAR_EVERY_MS)
  return () => {
    clearInterval(timer)
    bar.stop()
  }
}

/** Figures of an import, with its rates and the time that is left. */
export class ImportFigures {
  readonly totalBytes: number | undefined
  readonly #nowMs: () => number
  #samples: { readonly atMs: number; readonly lines: number; readonly bytes: number }[] = []
  #done: Done | undefined
  #liveJobs: number | undefined
  #hasWaited = false
  /** Bytes of the input that were read. */
  bytes = 0

  /** @param totalBytes size of the input, if it is known */
  constructor(totalBytes: number | undefined, nowMs: () => number = () => performance.now()) {
    this.totalBytes = totalBytes
    this.#nowMs = nowMs
  }

  /** Adds bytes of the input that were read. */
  read(bytes: number): void {
    this.bytes += bytes
  }

  /** Sets the progress of the import. */
  show(done: Done): void {
    this.#done = done
    this.#liveJobs = undefined
  }

  /** Notes that the next batch waits because of this number of jobs in the queue. */
  waits(liveJobs: number): void {
    this.#liveJobs = liveJobs
    // The fleet sets the pace from now on, and the rate at which the queue was filled is no measure for it.
    if (!this.#hasWaited) this.#samples = []
    this.#hasWaited = true
  }

  /** For instance `41 % read: 412,000 lines (411,990 accepted, 10 duplicate, 0 rejected), 199 lines/s, about 48 min left`. */
  text(): string {
    const { lines = 0, accepted = 0, duplicate = 0, rejected = 0 } = this.#done ?? {}
    const { linesPerSecond, bytesPerSecond } = this.#rates(lines)
    const left = this.totalBytes === undefined ? undefined : (this.totalBytes - this.bytes) / bytesPerSecond
    return [
      ...(this.totalBytes ? [`${Math.floor((this.bytes / this.totalBytes) * 100)} % read: `] : []),
      `${count(lines)} lines (${count(accepted)} accepted, ${count(duplicate)} duplicate, ${count(rejected)} rejected)`,
      `, ${count(Math.round(linesPerSecond))} lines/s`,
      ...(left !== undefined && Number.isFinite(left) ? [`, about ${span(left)} left`] : []),
      ...(this.#liveJobs === undefined ? [] : [`; waiting, since ${count(this.#liveJobs)} jobs are in the queue`]),
    ].join('')
  }

  #rates(lines: number): { linesPerSecond: number; bytesPerSecond: number } {
    const now = { atMs: this.#nowMs(), lines, bytes: this.bytes }
    this.#samples = [...this.#samples.filter(({ atMs }) => now.atMs - atMs <= RATE_OVER_MS), now]
    const first = this.#samples[0] ?? now
    const seconds = (now.atMs - first.atMs) / 1000
    if (seconds === 0) return { linesPerSecond: 0, bytesPerSecond: 0 }
    return { linesPerSecond: (lines - first.lines) / seconds, bytesPerSecond: (now.bytes - first.bytes) / seconds }
  }
}
