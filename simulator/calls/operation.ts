import type { FriendGraph } from '../accounts/friend-graph.ts'
import type { ReadLag } from '../accounts/read-lag.ts'
import type { Faults } from '../faults/faults.ts'
import type { Ledger } from '../figures/ledger.ts'

/** The answer to a call before it is put into the envelope. */
export interface Reply {
  /** 0 is a success. */
  readonly code: number
  /** Fields beside the envelope's. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A call whose body was understood. */
export interface Operation {
  /** Accounts the call is for; the first one is the subject of a call with peers. */
  readonly accounts: readonly string[]
  /** Accounts whose lists it writes, which are locked meanwhile; empty for a read. */
  readonly writes: readonly string[]
  /** Does it and answers. `half` carries a two-way clear out for half of the friends and then gives up with 30007. */
  readonly run: (extent: 'whole' | 'half') => Reply
}

/** Everything a call reads and changes. */
export interface World {
  readonly graph: FriendGraph
  readonly lag: ReadLag
  readonly faults: Faults
  readonly ledger: Ledger
  /** Friends on a page of `friend_get`, which the server decides. */
  readonly pageSize: number
}

/** The body of a call, known to be a JSON object and nothing more. */
export type Body = Readonly<Record<string, unknown>>

/** Refuses a body with the vendor's code. Caught where bodies are read, so that the checks read as a list. */
export class BodyRefusedError extends Error {
  override readonly name = 'BodyRefusedError'
  readonly code: number

  constructor(code: number) {
    super(`refused with ${code}`)
    this.code = code
  }
}

/** Code for a body of `sns/*` whose fields are wrong. */
const SNS_PARAMETER = 30001

/** Code for a body of an account call whose fields are wrong. */
export const ACCOUNT_PARAMETER = 70402

/** Checks one account of a body: no string is 60015, missing, empty or over 32 bytes is `parameterCode`. */
export function readAccount(value: unknown, parameterCode: number = SNS_PARAMETER): string {
  if (value === undefined) throw new BodyRefusedError(parameterCode)
  if (typeof value !== 'string') throw new BodyRefusedError(60015)
  if (value === '' || Buffer.byteLength(value) > 32) throw new BodyRefusedError(parameterCode)
  return value
}

/** Checks a list with 1 to `maxCount` entries of any kind. */
export function readList(value: unknown, maxCount: number, parameterCode: number = SNS_PARAMETER): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= maxCount) return value
  throw new BodyRefusedError(parameterCode)
}

/** Checks a whole number of at least 0. */
export function readInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new BodyRefusedError(SNS_PARAMETER)
}

/** Tells whether a `DeleteType` is two-way; it is one-way when left out, and refused in any other spelling. */
export function readTwoWay(value: unknown): boolean {
  if (value === 'Delete_Type_Both') return true
  if (value === 'Delete_Type_Single' || value === undefined) return false
  throw new BodyRefusedError(SNS_PARAMETER)
}
