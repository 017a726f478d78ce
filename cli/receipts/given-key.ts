import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { publicKeyFromPem } from '../../jobs/receipts/keys/ed25519.ts'
import { parseVerifierKey } from '../../jobs/receipts/log/signed-note.ts'
import { EXIT } from '../exit-codes.ts'
import type { Environment } from '../surroundings.ts'
import { loadSealsIfAny } from './load-seals.ts'

/** The key that a reader trusts, and the log to which it belongs, where it says so. */
export interface GivenKey {
  readonly publicKey: Buffer
  readonly origin: string | undefined
}

/** Reads the public key of an option: the key itself, or a file with it. Without one it is that of `RECEIPT_KEY`. */
export async function givenKey(
  text: string | undefined,
  environment: Environment,
  command: Command,
): Promise<GivenKey> {
  if (text === undefined) {
    const seals = loadSealsIfAny(environment)
    if (seals !== undefined) return { publicKey: seals.signing.publicKey, origin: undefined }
    return command.error('error: give the public key with --public-key, as `receipts key` prints it', {
      exitCode: EXIT.usage,
    })
  }
  const own = parseVerifierKey(text)
  if (own !== undefined) return { publicKey: own.publicKey, origin: own.name }
  const inFile = await readFile(text, 'utf8').catch(() => '')
  const parsed = parseVerifierKey(inFile)
  if (parsed !== undefined) return { publicKey: parsed.publicKey, origin: parsed.name }
  const publicKey = publicKeyFromPem(inFile)
  if (publicKey !== undefined) return { publicKey, origin: undefined }
  return command.error(
    'error: --public-key is no verifier key (name+id+key) and no file with one: compare it letter by letter with what `receipts key` prints',
    { exitCode: EXIT.usage },
  )
}
