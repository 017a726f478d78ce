import type { WriteStream } from 'node:fs'
import {
  type AnswerRecord,
  type BackendTimeoutChange,
  DEFAULT_APP,
  type FaultRule,
  type LatencyProfile,
  type LimitAlgorithm,
  type SimulatorOptions,
  type UsersOptions,
} from '../../simulator/index.ts'

/** Options of the command, parsed by commander. */
export interface Flags {
  readonly host: string
  readonly port: number
  readonly users: UsersOptions
  readonly groupsOf?: number
  readonly privateFriends?: number
  readonly missing?: number
  readonly fault: readonly FaultRule[]
  readonly limit?: NonNullable<SimulatorOptions['limitPerSecond']>
  readonly appLimit?: number
  readonly algorithm: LimitAlgorithm
  readonly countRefused: boolean
  readonly burst?: number
  readonly latency: LatencyProfile
  readonly lock?: number
  readonly conflict?: number
  readonly readLag?: number
  readonly backendTimeout?: BackendTimeoutChange | false
  readonly pageSize?: number
  readonly sdkAppId: number
  readonly secretKey: readonly string[]
  readonly admin: readonly string[]
  readonly region?: string
  readonly seed: number
  readonly tlsKey?: string
  readonly tlsCert?: string
  readonly control: boolean
  readonly log?: string
  readonly json: boolean
}

/** Makes the simulator's options from the flags. The simulator writes every answer to `log`. */
export function toOptions(flags: Flags, log: WriteStream | undefined): SimulatorOptions {
  const { groupsOf, privateFriends, missing, tlsKey, tlsCert } = flags
  return {
    host: flags.host,
    port: flags.port,
    tls: tlsKey === undefined || tlsCert === undefined ? undefined : { key: tlsKey, cert: tlsCert },
    apps: [
      {
        sdkAppId: flags.sdkAppId,
        keys: flags.secretKey.length === 0 ? DEFAULT_APP.keys : flags.secretKey,
        admins: flags.admin.length === 0 ? DEFAULT_APP.admins : flags.admin,
        region: flags.region,
      },
    ],
    users: {
      ...flags.users,
      ...(groupsOf === undefined ? {} : { groupsOf }),
      ...(privateFriends === undefined ? {} : { privateFriends }),
      ...(missing === undefined ? {} : { missingShare: missing }),
    },
    limitPerSecond: flags.limit,
    limitAlgorithm: flags.algorithm,
    countRefused: flags.countRefused,
    burst: flags.burst,
    appLimitPerSecond: flags.appLimit,
    latency: flags.latency,
    lockMs: flags.lock,
    conflictMs: flags.conflict,
    readLagMs: flags.readLag,
    backendTimeout: flags.backendTimeout,
    pageSize: flags.pageSize,
    faults: flags.fault,
    seed: flags.seed,
    control: flags.control,
    onAnswer: log === undefined ? undefined : (record: AnswerRecord) => log.write(`${JSON.stringify(record)}\n`),
  }
}
