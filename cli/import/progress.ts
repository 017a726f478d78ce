import { SingleBar } from 'cli-progress'
import type { Shell } from '../shell.ts'
import { count, counted, span } from '../words.ts'
import type { Done } from './files/checkpoint.ts'

/** Time between two lines without a terminal: a sign of life in an import that takes hours. */
const LINE_EVERY_MS = 30_000
/** Time over which the rate is measured. */
const RATE_OVER_MS = 60_000
const BAR_EVERY_MS = 500
const BAR_CHARACTERS = 20
/** Width of a terminal that does not say its own. */
const COLUMNS = 80

/** Figures that grow, as `showProgress` shows them. */
export interface Figures {
  /** `undefined` if the end is not known. */
  readonly total: number | undefined
  /** Lines done. */
  readonly lines: number
  /** Gives the figures in words, in no more than `columns` characters where that is possible. */
  text(columns: number): string
}

/**
 * Starts to show figures on stderr: a bar on a terminal, else a line every 30 seconds.
 *
 * @returns a function that ends the show
 */
export function showProgress(figures: Figures, { stderr, say }: Shell): () => void {
  if (!stderr.isTTY) {
    const timer = setInterval(() => say(figures.text(Number.POSITIVE_INFINITY)), LINE_EVERY_MS)
    return () => clearInterval(timer)
  }
  const { total } = figures
  const bar = new SingleBar({
    ...{ format: total ? '{bar} {text}' : '{text}', stream: stderr },
    ...{ clearOnComplete: true, barsize: BAR_CHARACTERS },
  })
  const barColumns = total ? BAR_CHARACTERS + 1 : 0
  const text = (): string => figures.text((stderr.columns ?? COLUMNS) - barColumns)
  bar.start(total ?? 0, 0, { text: text() })
  const timer = setInterval(() => bar.update(figures.lines, { text: text() }), BAR_EVERY_MS)
  return () => {
    clearInterval(timer)
    bar.stop()
  }
}

/** Figures of the first reading of a file. */
export class ReadingFigures implements Figures {
  readonly total = undefined
  lines = 0

  text(): string {
    return `reading the file: ${counted(this.lines, 'line')}`
  }
}

/** Figures of an import, with its rate and the time that is left. */
export class ImportFigures implements Figures {
  readonly total: number | undefined
  readonly #nowMs: () => number
  #samples: { readonly atMs: number; readonly lines: number }[] = []
  #done: Done | undefined
  #liveJobs: number | undefined
  #hasWaited = false

  /** @param total lines of the input, if they are known */
  constructor(total: number | undefined, nowMs: () => number = () => performance.now()) {
    this.total = total
    this.#nowMs = nowMs
  }

  get lines(): number {
    return this.#done?.lines ?? 0
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

  /** For instance `41 %: 412,000 of 1,000,000 lines, about 48 min left, 199 lines/s, 10 duplicate, 0 rejected`. */
  text(columns: number): string {
    const { duplicate = 0, rejected = 0 } = this.#done ?? {}
    const linesPerSecond = this.#rate()
    const left = this.total === undefined ? undefined : (this.total - this.lines) / linesPerSecond
    return fitting(columns, [
      this.#share(),
      ...(this.#liveJobs === undefined ? [] : [`waiting: ${count(this.#liveJobs)} jobs in the queue`]),
      ...(left !== undefined && Number.isFinite(left) ? [`about ${span(left)} left`] : []),
      `${count(Math.round(linesPerSecond))} lines/s`,
      `${count(duplicate)} duplicate`,
      `${count(rejected)} rejected`,
    ])
  }

  #share(): string {
    if (!this.total) return counted(this.lines, 'line')
    const percent = Math.floor((this.lines / this.total) * 100)
    return `${percent} %: ${count(this.lines)} of ${counted(this.total, 'line')}`
  }

  #rate(): number {
    const now = { atMs: this.#nowMs(), lines: this.lines }
    this.#samples = [...this.#samples.filter(({ atMs }) => now.atMs - atMs <= RATE_OVER_MS), now]
    const first = this.#samples[0] ?? now
    const seconds = (now.atMs - first.atMs) / 1000
    return seconds === 0 ? 0 : Math.max(0, now.lines - first.lines) / seconds
  }
}

/** Joins as many parts as fit, the most important ones first. A part that is cut off could read as another figure. */
function fitting(columns: number, parts: readonly string[]): string {
  let text = parts[0] ?? ''
  for (const part of parts.slice(1)) {
    const longer = `${text}, ${part}`
    if (longer.length > columns) break
    text = longer
  }
  return text
}
