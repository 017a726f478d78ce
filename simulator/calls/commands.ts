/** A vendor call this server knows; the name is the last part of its path. */
export type CommandName =
  | 'friend_delete_all'
  | 'friend_delete'
  | 'friend_get'
  | 'friend_get_list'
  | 'friend_check'
  | 'black_list_get'
  | 'black_list_delete'
  | 'account_delete'
  | 'account_check'
  | 'kick'

/** What distinguishes one vendor call from another before its body is read. */
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

const account = (name: CommandName, defaultLimitPerSecond: number): Command => ({
  name,
  path: `/v4/im_open_login_svc/${name}`,
  defaultLimitPerSecond,
  hasErrorDisplay: false,
  successInfo: '',
})

/** Lists every call this server answers, with the ceilings of pages 1047/34905 to 34914 and 34955 to 34957. */
export const COMMANDS: readonly Command[] = [
  sns('friend_delete_all'),
  sns('friend_delete', '0'),
  sns('friend_get'),
  sns('friend_get_list'),
  sns('friend_check'),
  sns('black_list_get'),
  sns('black_list_delete'),
  account('account_delete', 100),
  account('account_check', 100),
  account('kick', 200),
]

/** Lists the names alone, in the same order. */
export const COMMAND_NAMES: readonly CommandName[] = COMMANDS.map(command => command.name)

/** Tells whether a text names a call of this server. */
export const isCommandName = (text: string): text is CommandName => COMMAND_NAMES.some(name => name === text)
