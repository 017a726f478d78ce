import { createHash } from 'node:crypto'

/** Whose log it is. */
export interface LogIdentity {
  /** SDKAppID of the fleet; 0 where no worker has bound the fleet to an app yet. */
  readonly app: number
  /** See {@link shortFleetId}. */
  readonly fleet: string
}

/** Shortens the fleet's id to 64 bits, so that the name of a log fits into each proof. */
export const shortFleetId = (fleetId: string): string =>
  createHash('sha256').update(fleetId).digest().subarray(0, 8).toString('base64url')

/** Gives the name of a log, under which its heads are signed. */
export const originOf = ({ app, fleet }: LogIdentity): string => `clear-friends/${app}/${fleet}`

/** Reads the name of a log. */
export function parseOrigin(text: string): LogIdentity | undefined {
  const [, app, fleet = ''] = /^clear-friends\/(\d{1,10})\/([\w-]{11})$/.exec(text) ?? []
  return app === undefined ? undefined : { app: Number(app), fleet }
}
