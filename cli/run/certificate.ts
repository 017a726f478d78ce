import { basename } from 'node:path'
import { type Certificate, certify } from '../../jobs/receipts/certificate/certificate.ts'
import { toPage } from '../../jobs/receipts/certificate/certificate-page.ts'
import { ReceiptKeeper } from '../../jobs/receipts/keep/receipt-keeper.ts'
import type { ReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../../jobs/receipts/keys/sealer.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import { type ProofFiles, writeProof } from './proof-files.ts'

/** Another keeper may be quicker twice; a third one is nowhere. */
const TRIES = 3

/**
 * Signs a head over all receipts there are, in some milliseconds: the private Redis has each of them on the disk. The
 * worker does so when it drains; this makes sure of it where that failed or took too long.
 */
export async function signHead(
  { redis, prefix }: FleetConnection,
  seals: ReceiptSeals,
  { IM_SDK_APP_ID: app, RECEIPT_DAYS: receiptDays }: WorkerSettings,
): Promise<void> {
  const sealer = new Sealer({ redis, prefix, seals, app })
  const keeper = new ReceiptKeeper({ redis, prefix, sealer, receiptDays })
  for (let left = TRIES; left > 0; left--) {
    if ((await keeper.keep(true)).kind !== 'moved') return
  }
}

/**
 * Certifies all accounts of a run, and writes the page and its JSON.
 *
 * @returns nothing where the file held no account
 * @throws {RunError} when a file cannot be written
 */
export async function certifyRun(
  { redis, prefix }: FleetConnection,
  seals: ReceiptSeals,
  files: ProofFiles,
): Promise<Certificate | undefined> {
  const names = { receipts: basename(files.receipts), certificate: basename(files.page) }
  const certificate = await certify({ redis, prefix, seals, request: null, files: names })
  if (certificate === undefined) return undefined
  await writeProof(files.json, write => write(`${JSON.stringify(certificate)}\n`))
  await writeProof(files.page, write => write(toPage(certificate)))
  return certificate
}
