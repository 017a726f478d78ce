/** A vendor call this server knows; the name is the last part of its path. */
export type CommandName = 'friend_delete_all' | 'friend_delete' | 'friend_get' | 'account_check'

/** Distinguishes one vendor call from another before its body is read. */
export interface Command {
  readonly name: CommandName
  /** Full path without the query. */
  readonly path: string
  /** The vendor's published ceiling, calls per second for one app. */
  readonly defaultLimitPerSecond: number
  /** `ErrorDisplay` stands in answers of `sns/*` only. */
  readonly hasErrorDisplay: boolean
  /** `ErrorInfo` of a success; the sample of `friend_delete` shows the string `"0"`. */
  readonly successInfo: string
}

const sns = (name: CommandName, successInfo = ''): Command => ({
  name,
  path: `/v4/sns/${name}`,
  defaultLimitPerSecond: 200,
  hasErrorDisplay: true,
  successInfo,
})

/** Lists every call this server answers, with the ceilings of pages 1047/34905, 34906, 34908 and 34956. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  friend_delete_all: sns('friend_delete_all'),
  friend_delete: sns('friend_delete', '0'),
  friend_get: sns('friend_get'),
  account_check: {
    name: 'account_check',
    path: '/v4/im_open_login_svc/account_check',
    defaultLimitPerSecond: 100,
    hasErrorDisplay: false,
    successInfo: '',
  },
}

/** Lists the names alone, in the same order. */
export const COMMAND_NAMES: readonly CommandName[] = Object.values(COMMANDS).map(command => command.name)

/** Tells whether a text names a call of this server. */
export const isCommandName = (text: string): text is CommandName => Object.hasOwn(COMMANDS, text)

/** Makes a value for each call. */
export function perCommand<T>(make: (command: CommandName) => T): Record<CommandName, T> {
  return {
    friend_delete_all: make('friend_delete_all'),
    friend_delete: make('friend_delete'),
    friend_get: make('friend_get'),
    account_check: make('account_check'),
  }
}
