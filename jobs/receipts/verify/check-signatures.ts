import { isSignedBy } from '../keys/ed25519.ts'
import { parseLine, toSignedText } from '../log/entry.ts'
import { parseOrigin } from '../log/origin.ts'
import type { Finding } from './findings.ts'
import type { ExportFile, Part } from './part.ts'
import type { TrustedKeys } from './trusted-keys.ts'

/** Where so many entries at the beginning have a wrong signature, all others have it too: it is another key. */
const ENOUGH = 1000

/**
 * Checks the signature of each entry of a file, except those of another log than the key's.
 *
 * @param meant name of the log to which the key belongs, where it is known
 */
export async function checkSignatures(
  { name, open }: ExportFile,
  parts: readonly Part[],
  keys: TrustedKeys,
  meant: string | undefined,
): Promise<readonly Finding[]> {
  const own = parts.filter(part => part.file === name)
  const bad: Finding[] = []
  let [number, checked] = [0, 0]
  for await (const text of open()) {
    number += 1
    const part = own.findLast(each => each.firstLine <= number)
    const origin = part?.origin ?? parts.find(each => each.origin !== undefined)?.origin ?? meant ?? ''
    const identity = parseOrigin(origin)
    const entry = text === null || (meant !== undefined && origin !== meant) ? undefined : parseLine(text)
    if (entry === undefined || identity === undefined) continue
    checked += 1
    const signature = Buffer.from(entry.signature, 'base64url')
    const signed = toSignedText(entry, identity)
    if (keys.at(entry.seq).some(key => isSignedBy(key, signed, signature))) continue
    const said = `entry ${entry.seq} is not signed with the key: it was changed, put in, or signed with another key`
    bad.push({ kind: 'bad_signature', file: name, line: number, seq: entry.seq, text: said })
    if (checked === ENOUGH && bad.length === ENOUGH) break
  }
  const [first] = bad
  if (first === undefined || bad.length < checked || checked === 1) return bad
  // One wrong key is one finding, and not one for each line.
  const said = `none of the ${checked === ENOUGH ? 'first ' : ''}${checked} entries is signed with this key: it belongs to another`
  return [{ ...first, seq: null, text: said }]
}
