import { SingleBar } from 'cli-progress'
import type { Shell } from '../shell.ts'
import { count, counted } from '../words.ts'

/** Time between two lines without a terminal: a sign of life in an import that takes hours. */
const LINE_EVERY_MS = 30_000
const BAR_EVERY_MS = 500
const BAR_CHARACTERS = 20
/** Width of a terminal that does not say its own. */
const COLUMNS = 80

/** Figures that grow, as `showProgress` shows them. */
export interface Figures {
  /** `undefined` if the end is not known. */
  readonly total: number | undefined
  /** Lines or accounts done. */
  readonly done: number
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
  const timer = setInterval(() => bar.update(figures.done, { text: text() }), BAR_EVERY_MS)
  return () => {
    clearInterval(timer)
    bar.stop()
  }
}

/** Joins as many parts as fit, the most important ones first. A part that is cut off could read as another figure. */
export function fitting(columns: number, parts: readonly string[]): string {
  let text = parts[0] ?? ''
  for (const part of parts.slice(1)) {
    const longer = `${text}, ${part}`
    if (longer.length > columns) break
    text = longer
  }
  return text
}

/** Says how much is done, such as `41 %: 412,000 of 1,000,000 lines`; without a total `412,000 lines`. */
export function shareInWords(done: number, total: number | undefined, noun: string): string {
  if (!total) return counted(done, noun)
  const percent = Math.floor((done / total) * 100)
  return `${percent} %: ${count(done)} of ${counted(total, noun)}`
}
