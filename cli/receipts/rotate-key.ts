import { Command } from 'commander'
import { SettingsError } from '../../config/load-settings.ts'
import { parseReceiptKey } from '../../config/receipt-key.ts'
import { Secret } from '../../config/secret.ts'
import { rotateKey } from '../../jobs/receipts/keep/rotate-key.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { EXIT } from '../exit-codes.ts'
import { fileFault } from '../file-fault.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { loadSeals } from './load-seals.ts'

/** `clear-friends receipts rotate-key --new-key-file`: changes the key of the log. */
export function rotateKeyCommand({ environment, print, action }: Shell): Command {
  return new Command('rotate-key')
    .description('Changes the fleet’s RECEIPT_KEY, while no worker runs, for the one in a file. Safe to repeat.')
    .requiredOption('--new-key-file <file>', 'a file with the new key, as `receipts new-key` makes it')
    .action(
      action(async ({ newKeyFile }: { newKeyFile: string }) => {
        const seals = loadSeals(environment)
        const text = readKey(newKeyFile)
        return withFleet(environment, async ({ redis, prefix }) => {
          const result = await rotateKey(redis, prefix, seals, createReceiptSeals(text))
          print(WORDS[result])
          return EXIT.done
        })
      }),
    )
}

function readKey(file: string): string {
  const text = readSecret(file)
  if (parseReceiptKey(text) !== undefined) return text
  const expected = `256 random bits as hex or base64, as made by: clear-friends receipts new-key > ${file}`
  throw new SettingsError([{ name: '--new-key-file', found: `${file}, which holds no such key`, expected }])
}

function readSecret(file: string): string {
  try {
    return Secret.fromFile(file).reveal()
  } catch (error) {
    const found = `${file}, which cannot be read (${fileFault(error)})`
    throw new SettingsError([{ name: '--new-key-file', found, expected: 'a readable file' }])
  }
}

const WORDS = {
  changed: 'the key is changed: set RECEIPT_KEY to the new one everywhere, and start the workers',
  same: 'the new key is the fleet’s key already: set RECEIPT_KEY to it everywhere, and start the workers',
} as const
