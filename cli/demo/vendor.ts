import { z } from 'zod'

/** The demo's vendor is the simulator in a process of its own. The demo reads its figures over HTTP. */

const commandFigures = z.object({
  calls: z.number(),
  byCode: z.record(z.string(), z.number()),
  limitPerSecond: z.number(),
  worstSecond: z.object({ calls: z.number() }),
  callsOverLimit: z.number(),
})
const figuresSchema = z.object({
  byCommand: z.record(z.string(), commandFigures),
  badSignatures: z.number(),
  badRequests: z.number(),
  connections: z.number(),
})
const ledgerLineSchema = z.object({
  account: z.string(),
  okAnswers: z.number(),
  friendsLeft: z.number(),
  imported: z.boolean(),
})
const arrivalsSchema = z.object({ stamps: z.array(z.number()) })

/** Counts of the vendor. */
export type VendorFigures = z.infer<typeof figuresSchema>
/** The vendor's record of one account. */
export type LedgerLine = z.infer<typeof ledgerLineSchema>

/** Reads the vendor's counts so far. */
export const readFigures = async (url: string): Promise<VendorFigures> =>
  figuresSchema.parse(JSON.parse(await readText(`${url}/simulator/figures`)))

/** Reads the vendor's records, a line for each account. */
export const readLedger = async (url: string): Promise<LedgerLine[]> =>
  (await readText(`${url}/simulator/ledger`))
    .split('\n')
    .filter(line => line !== '')
    .map(line => ledgerLineSchema.parse(JSON.parse(line)))

/** Reads the times at which calls of a command arrived, in ms. */
export const readArrivals = async (url: string, command: string): Promise<number[]> =>
  arrivalsSchema.parse(JSON.parse(await readText(`${url}/simulator/arrivals?command=${command}`))).stamps

async function readText(url: string): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the simulator answered ${response.status}`)
  return response.text()
}
