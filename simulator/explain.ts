import type { z } from 'zod'

/** Turns the first problem zod found into one sentence: where, and what was expected. */
export function explain(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'not understood'
  const place = issue.path.map(String).join('.')
  return place === '' ? issue.message : `${place}: ${issue.message}`
}
