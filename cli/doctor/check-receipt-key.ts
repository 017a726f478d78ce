import { ReceiptKeyError } from '../../jobs/job/errors.ts'
import { Checkpoints } from '../../jobs/receipts/checkpoints.ts'
import { createReceiptSeals } from '../../jobs/receipts/receipt-seals.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { type CheckResult, failure, ok } from './check-result.ts'

const CHECK = 'receipt key'

/** Checks whether `RECEIPT_KEY` is the key of the receipts in this Redis. Reads only. */
export async function checkReceiptKey(redis: RedisConnection, prefix: string, key: string): Promise<CheckResult> {
  switch (await new Checkpoints(redis, prefix, createReceiptSeals(key)).keyInUse()) {
    case 'this':
      return ok(CHECK, 'the one that the receipts are sealed with')
    case 'none':
      return ok(CHECK, 'not used yet')
    case 'another':
      return failure(
        CHECK,
        new ReceiptKeyError().message,
        'Set the one that was used before; workers with another key do not start.',
      )
  }
}
