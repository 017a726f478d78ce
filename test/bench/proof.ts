import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { exportReceipts } from '../../jobs/receipts/export/export-receipts.ts'
import { proveAccount } from '../../jobs/receipts/export/prove-receipt.ts'
import { ReceiptKeeper } from '../../jobs/receipts/keep/receipt-keeper.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../../jobs/receipts/keys/sealer.ts'
import type { BodyOf } from '../../jobs/receipts/log/entry-body.ts'
import { verifyReceipts } from '../../jobs/receipts/verify/verify-receipts.ts'
import { writeOnce } from '../../jobs/receipts/write-entry.ts'
import { logLua } from '../../jobs/settle/log-lua.ts'
import { bindFleet, DATA_VERSION } from '../../jobs/status/fleet-contract.ts'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { receiptKeyOf } from '../helpers/receipts/settling.ts'
import { count, say } from './output.ts'
import { type Promised, printPromises } from './table.ts'

const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const APP = 1_400_000_000
const AT_ONCE = 500
/** Receipts a second of a fleet at the vendor's rate. */
const RATE = 200
const PROMISED = { bytes: 300, share: 0.05, verifySeconds: 60, megabytes: 500, proofSeconds: 15, proofBytes: 1500 }

// As a settle writes a receipt, without the rest of the settle.
const writeLua = `${logLua}
return (writeEntry({ receipts = KEYS[1], log = KEYS[2] }, entryFrom(1)))`

/** Measures size and cost of a receipt: signing, keeping, exporting, verifying a million, proving one of them. */
export async function benchProof(): Promise<boolean> {
  const server = await startPrivateRedis()
  const redis = new Redis(server.url)
  const file = join(tmpdir(), `clear-friends-bench-${process.pid}.ndjson`)
  try {
    const prefix = DEFAULT_PREFIX
    const seals = createReceiptSeals(receiptKeyOf('the benchmark of proof'))
    await bindFleet(redis, prefix, { app: APP, host: 'vendor.example', key: seals.keyId, version: DATA_VERSION })
    const sealer = new Sealer({ redis, prefix, seals, app: APP })
    say(`writing ${count(ENTRIES)} receipts`)
    const signing = await write(redis, sealer)
    const bytes = Number(await redis.call('MEMORY', 'USAGE', keysOf(prefix).receipts, 'SAMPLES', '0')) / ENTRIES
    say('signing a head over all')
    const keeper = new ReceiptKeeper({ redis, prefix, sealer, receiptDays: 400 })
    const keeping = await timed(() => keeper.keep(true))
    say('exporting')
    const exporting = await timed(() => exportTo(file, redis, seals))
    say('verifying')
    const verifying = await timed(() => verify(file, seals))
    const megabytes = process.resourceUsage().maxRSS / 1024
    say('proving')
    const proving = await timed(() => prove(redis, seals))
    const share = (RATE * (signing.cpuMs + keeping.cpuMs)) / ENTRIES / 1000
    const promises: readonly Promised[] = [
      ['Redis for a receipt', `${bytes.toFixed(0)} bytes`, bytes <= PROMISED.bytes],
      ['to sign one', `${((signing.cpuMs / ENTRIES) * 1000).toFixed(0)} µs, with the sending`, true],
      ['to check and fold one', `${((keeping.cpuMs / ENTRIES) * 1000).toFixed(0)} µs`, true],
      [`share of a worker’s time at ${RATE}/s`, `${(share * 100).toFixed(1)} %`, share <= PROMISED.share],
      ['export of all', both(exporting), true],
      ['verify of all', both(verifying), verifying.seconds <= PROMISED.verifySeconds],
      ['memory of all this', `${megabytes.toFixed(0)} MB`, megabytes <= PROMISED.megabytes],
      ['proof of one account', both(proving), proving.seconds <= PROMISED.proofSeconds],
      ['its size', `${proving.value} bytes`, proving.value <= PROMISED.proofBytes],
      ['findings', String(verifying.value), verifying.value === 0],
    ]
    return printPromises(promises)
  } finally {
    redis.disconnect()
    await server.stop()
    await rm(file, { force: true })
  }
}

/** Others may use the machine too; alone, both are about the same. */
const both = ({ seconds, cpuMs }: { readonly seconds: number; readonly cpuMs: number }): string =>
  `${seconds.toFixed(1)} s, ${(cpuMs / 1000).toFixed(1)} s of processor time`

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number; cpuMs: number }> {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
  const value = await work()
  const { user, system } = process.cpuUsage(cpu)
  return { value, seconds: (performance.now() - startedAt) / 1000, cpuMs: (user + system) / 1000 }
}

async function write(redis: Redis, sealer: Sealer): Promise<{ cpuMs: number }> {
  const run = createRedisScript(redis, 'benchWrite', writeLua)
  return timed(async () => {
    for (let from = 0; from < ENTRIES; from += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const sealed = await sealer.seal({ kind: 'receipt', says: receiptOf(from + index, sealer) })
          const { keys, args } = writeOnce(DEFAULT_PREFIX, sealed)
          await run(keys, args)
          sealer.written(sealed, '')
        }),
      )
    }
  })
}

const receiptOf = (n: number, { seals }: Sealer): BodyOf<'receipt'> => ({
  account: seals.pseudonymOf(`user_${n}`),
  requests: [`ticket-${n % 100}`],
  outcome: 'cleared',
  verified: 'yes',
  code: null,
  calls: 2,
  attempts: 1,
  enqueuedAt: '2026-11-27T13:00:00.000Z',
})

async function exportTo(path: string, redis: Redis, seals: ReturnType<typeof createReceiptSeals>): Promise<void> {
  const out = await open(path, 'w')
  let held: string[] = []
  for await (const line of exportReceipts({ redis, prefix: DEFAULT_PREFIX, seals })) {
    held.push(line)
    if (held.length < 1000) continue
    await out.write(`${held.join('\n')}\n`)
    held = []
  }
  await out.write(`${held.join('\n')}\n`)
  await out.close()
}

async function verify(path: string, { signing }: ReturnType<typeof createReceiptSeals>): Promise<number> {
  const file = { name: path, open: () => createInterface({ input: createReadStream(path) }) }
  const { findings, entries } = await verifyReceipts([file], { publicKey: signing.publicKey })
  return entries === ENTRIES ? findings.length : Number.NaN
}

async function prove(redis: Redis, seals: ReturnType<typeof createReceiptSeals>): Promise<number> {
  const account = `user_${Math.floor(ENTRIES / 3)}`
  return Buffer.byteLength((await proveAccount(redis, DEFAULT_PREFIX, seals, account)) ?? '')
}
