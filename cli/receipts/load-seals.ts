import { loadSettings } from '../../config/load-settings.ts'
import { createReceiptSeals, type ReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import type { Environment } from '../surroundings.ts'

/**
 * Loads the keys of receipts from `RECEIPT_KEY`.
 *
 * @throws {SettingsError} when it is missing, too short or too simple
 */
export const loadSeals = (environment: Environment): ReceiptSeals =>
  createReceiptSeals(loadSettings(environment, ['RECEIPT_KEY']).RECEIPT_KEY.reveal())

/** Loads them where the environment names a key: a producer need not hold it. */
export function loadSealsIfAny(environment: Environment): ReceiptSeals | undefined {
  const isSet = [environment['RECEIPT_KEY'], environment['RECEIPT_KEY_FILE']].some(each => (each ?? '') !== '')
  return isSet ? loadSeals(environment) : undefined
}
