import { z } from 'zod'

/** The demo's vendor: the simulator in a process of its own, read over HTTP as anybody could. */

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

/** What the vendor counted. */
export type VendorFigures = z.infer<typeof figuresSchema>
/** What the vendor did for one account. */
export type LedgerLine = z.infer<typeof ledgerLineSchema>

/** Reads what the vendor counted so far. */
export const readFigures = async (url: string): Promise<VendorFigures> =>
  figuresSchema.parse(JSON.parse(await readText(`${url}/simulator/figures`)))

/** Reads what the vendor did, a line an account. */
export const readLedger = async (url: string): Promise<LedgerLine[]> =>
  (await readText(`${url}/simulator/ledger`))
    .split('\n')
    .filter(line => line !== '')
    .map(line => ledgerLineSchema.parse(JSON.parse(line)))

/** Reads when the calls of a command arrived, in ms. */
export const readArrivals = async (url: string, command: string): Promise<number[]> =>
  arrivalsSchema.parse(JSON.parse(await readText(`${url}/simulator/arrivals?command=${command}`))).stamps

async function readText(url: string): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the simulator answered ${response.status}`)
  return response.text()
}
