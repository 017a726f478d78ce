import type { RedisConnection } from '../../redis/connection.ts'
import { readContract, shortKeyId } from './fleet-contract.ts'
import { createFleetMembers, type Member } from './fleet-members.ts'

/** The output of `fleet --json`. What no worker has bound yet is `null`. */
export interface FleetView {
  /** SDKAppID. */
  readonly app: number | null
  /** Host name of the vendor. */
  readonly host: string | null
  /** Beginning of the receipt key's id, which does not reveal the key. */
  readonly key: string | null
  /** The lowest ceiling of the live workers, which counts for all; `null` without workers. */
  readonly ceilingPerSecond: number | null
  /** Version of the data in Redis. */
  readonly version: number | null
  readonly workers: readonly WorkerView[]
}

interface WorkerView extends Pick<Member, 'host' | 'pid' | 'version' | 'ceilingPerSecond'> {
  readonly startedAt: string
  /** Why it alone sends nothing; `null` while it works. */
  readonly aside: null | { readonly code: string; readonly reason: string }
}

/** Reads what a fleet is bound to, and its live workers. */
export async function readFleetView(redis: RedisConnection, prefix: string): Promise<FleetView> {
  const [contract, members] = await Promise.all([readContract(redis, prefix), createFleetMembers(redis, prefix).read()])
  const { app, host, key, version } = contract
  return {
    app: app ?? null,
    host: host ?? null,
    key: key === undefined ? null : shortKeyId(key),
    ceilingPerSecond: members.length === 0 ? null : Math.min(...members.map(each => each.ceilingPerSecond)),
    version: version ?? null,
    workers: members.map(viewOf),
  }
}

const viewOf = ({ host, pid, version, ceilingPerSecond, startedAtMs, aside }: Member): WorkerView => ({
  ...{ host, pid, version, ceilingPerSecond },
  startedAt: new Date(startedAtMs).toISOString(),
  aside: aside === null ? null : { code: aside.code, reason: aside.reason },
})
