import type { CsvLayout } from './csv-header.ts'
import { parseFields } from './fields.ts'
import { checkAccount, damageIn, type Parsed } from './import-line.ts'
import { MAYBE_CUT_OFF } from './lines.ts'

/**
 * Makes an entry of a row.
 *
 * @param isEnded whether a line break ends the row; else its last field may be cut off, even behind a quote, which may be
 *   the first of two
 * @param now epoch seconds from which spans count
 */
export function parseRow(fields: readonly string[], isEnded: boolean, layout: CsvLayout, now: number): Parsed {
  if (!isEnded && lastUsed(layout) >= fields.length - 1) return { fault: MAYBE_CUT_OFF }
  if (fields.length === 1 && fields[0] === '') return { fault: 'the line is empty' }
  if (!hasWidth(fields, layout)) {
    return { fault: `the line has ${inWords(fields.length)} and the header ${inWords(layout.width)}` }
  }
  const account = fields[layout.account.at] ?? ''
  // Lists that were joined have a header in their middle.
  if (account.trim() === layout.account.name) return { fault: 'the line repeats the header' }
  const damage = damageIn(account)
  if (damage !== undefined) return { fault: damage }
  if (layout.request === undefined && layout.due === undefined) return checkAccount(account)
  const request = cell(fields, layout.request?.at)
  const due = cell(fields, layout.due?.at)
  return parseFields(
    {
      account,
      ...(request === undefined ? {} : { request }),
      ...(due === undefined ? {} : { due: /^\d+$/.test(due) ? Number(due) : due }),
    },
    now,
  )
}

const lastUsed = ({ account, request, due }: CsvLayout): number => Math.max(account.at, request?.at ?? 0, due?.at ?? 0)

/** Whether a row has the fields of the header. Programs pad rows with empty fields, with the delimiter that they use. */
function hasWidth(fields: readonly string[], { width, delimiters }: CsvLayout): boolean {
  if (fields.length === width) return true
  if (fields.length < width || delimiters.length > 1) return false
  return fields.slice(width).every(field => field === '')
}

const inWords = (fields: number): string => (fields === 1 ? '1 field' : `${fields} fields`)

/** An empty cell is none. */
const cell = (fields: readonly string[], at: number | undefined): string | undefined =>
  at === undefined ? undefined : fields[at] || undefined
