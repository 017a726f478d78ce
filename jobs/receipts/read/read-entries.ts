import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { type LogEntry, parseStoredText } from '../log/entry.ts'

/** An entry as it stands in Redis, genuine or not. */
export interface StoredEntry {
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  /** See `parseStoredText`; empty where the fields are not those of an entry. */
  readonly text: string
  readonly signature: Buffer
}

/** Entries read at once: to parse them takes a millisecond. */
const CHUNK = 200

/** Range of numbers to read, both inclusive. */
export interface EntryRange {
  readonly from: number
  readonly to: number
}

/** Reads entries in the order of their numbers, in groups. */
export async function* readEntries(
  redis: RedisConnection,
  prefix: string,
  { from, to }: EntryRange,
): AsyncGenerator<readonly StoredEntry[]> {
  const { receipts } = keysOf(prefix)
  const read = async (next: number): Promise<readonly StoredEntry[]> => {
    const found = await redis.xrangeBuffer(receipts, String(next), String(to), 'COUNT', CHUNK)
    return found.map(([id, fields]) => toStored(id, fields))
  }
  for (let reading: ReturnType<typeof read> | undefined = from > to ? undefined : read(from); reading !== undefined; ) {
    const chunk: readonly StoredEntry[] = await reading
    const last = chunk.at(-1)
    if (last === undefined) return
    // Redis looks for the next ones meanwhile. The rest of the entries with this number, where somebody has put in more
    // of them, would be read for ever.
    reading = last.seq < to ? read(last.seq + 1) : undefined
    // The reader may stop before it awaits them.
    reading?.catch(() => {})
    yield chunk
  }
}

/** Reads the number of the newest entry; 0 where there is none. */
export async function readNewestSeq(redis: RedisConnection, prefix: string): Promise<number> {
  const [newest] = await redis.xrevrange(keysOf(prefix).receipts, '+', '-', 'COUNT', 1)
  return newest === undefined ? 0 : Number(newest[0].split('-')[0])
}

function toStored(id: Buffer, fields: readonly Buffer[]): StoredEntry {
  const [seq = 0, at = 0] = id.toString('latin1').split('-').map(Number)
  const [textName, text, signatureName, signature] = fields
  // Any client of Redis may have changed the entry. One with other fields is no entry.
  const isReadable = fields.length === 4 && textName?.toString() === 'e' && signatureName?.toString() === 's'
  const none = Buffer.alloc(0)
  return {
    seq,
    at,
    text: isReadable ? (text ?? none).toString() : '',
    signature: isReadable ? (signature ?? none) : none,
  }
}

/** The last millisecond that can be written as a date. */
const LAST_DATE_MS = 8.64e15

/** Reads a stored entry without a check of its signature; nothing where it has not the form of one. */
export function toLogEntry({ seq, at, text, signature }: StoredEntry): LogEntry | undefined {
  const sealed = at <= LAST_DATE_MS ? parseStoredText(text) : undefined
  return sealed && { ...sealed, seq, at, signature: signature.toString('base64url') }
}
