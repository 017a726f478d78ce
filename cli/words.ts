/** Formats a count with commas between thousands, as in 1,500. */
export const count = (n: number): string => n.toLocaleString('en-US')

/** Formats a count with its noun: `1 line`, `1,500 lines`. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

/** Formats seconds as people say them: `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.round((seconds % 86_400) / 3600)} h`
}

/** Says what duplicates changed. */
export const strengthenedInWords = (duplicates: number): string =>
  `${count(duplicates)} of the duplicates strengthened the job that is there: an earlier due date, both ways, or a further request`
