import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { pemOf } from '../../jobs/receipts/keys/ed25519.ts'
import { lookUpIdentity } from '../../jobs/receipts/keys/log-identity.ts'
import { originOf } from '../../jobs/receipts/log/origin.ts'
import { formatVerifierKey } from '../../jobs/receipts/log/signed-note.ts'
import { requireKey } from '../../jobs/status/fleet-contract.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { loadSeals } from './load-seals.ts'

const KEY_BYTES = 32

/** `clear-friends receipts new-key`: makes a `RECEIPT_KEY`. */
export function newKeyCommand({ print, action }: Shell): Command {
  return new Command('new-key')
    .description(
      'Prints a new RECEIPT_KEY: 256 random bits as hex. It is stored nowhere; keep it apart from the receipts.',
    )
    .action(
      action(async () => {
        print(randomBytes(KEY_BYTES).toString('hex'))
        return EXIT.done
      }),
    )
}

/** `clear-friends receipts key`: prints the public key of the log. */
export function keyCommand({ environment, print, say, action }: Shell): Command {
  return new Command('key')
    .description('Prints the public key of this fleet’s receipts, which `receipts verify` takes. It is no secret.')
    .option('--pem', 'in the form that openssl reads')
    .action(
      action(async (options: { pem?: true }) => {
        const seals = loadSeals(environment)
        if (options.pem) {
          print(pemOf(seals.signing.publicKey).trimEnd().split('\n'))
          return EXIT.done
        }
        return withFleet(environment, async ({ redis, prefix, app }) => {
          await requireKey(redis, prefix, seals)
          const found = await lookUpIdentity(redis, prefix)
          const identity = found && { ...found, app: found.app === 0 ? (app ?? 0) : found.app }
          if (identity === undefined || identity.app === 0) {
            say('no worker has started here yet, and the public key names app and fleet: start one first')
            return EXIT.failed
          }
          print(formatVerifierKey({ name: originOf(identity), publicKey: seals.signing.publicKey }))
          return EXIT.done
        })
      }),
    )
}
