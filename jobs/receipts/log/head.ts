/** A head of the log: a checkpoint of C2SP (c2sp.org/tlog-checkpoint 1.0.0) with one further line, the time. */

import type { SigningKey } from '../keys/ed25519.ts'
import { parseOrigin } from './origin.ts'
import { signNote, splitNote } from './signed-note.ts'

/** What a head says of its log. */
export interface Head {
  readonly origin: string
  /** Number of entries that it covers. */
  readonly size: number
  readonly root: Buffer
  /** When it was signed, epoch ms, to the second. */
  readonly time: number
}

/** Signs a head. */
export function signHead({ origin, size, root, time }: Head, key: SigningKey): string {
  const at = new Date(time).toISOString().replace(/\.\d+/, '')
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\ntime ${at}\n`, origin, key)
}

const FORM = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\ntime (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n$/

/** Reads the text of a head without a check of its signature; nothing where it has not the form of one. */
export function parseHead(note: string): Head | undefined {
  const origin = note.slice(0, note.indexOf('\n'))
  const split = parseOrigin(origin) && splitNote(note, origin)
  const [, , size, root = '', time = ''] = FORM.exec(split?.text ?? '') ?? []
  if (size === undefined || Number.isNaN(Date.parse(time))) return undefined
  return { origin, size: Number(size), root: Buffer.from(root, 'base64'), time: Date.parse(time) }
}
