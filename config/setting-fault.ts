/** A fault of one setting, in words for the operator. It never holds a secret's value. */
export interface SettingFault {
  readonly name: string
  /** The value in quotes, or `not set`, or words for a secret. */
  readonly found: string
  readonly expected: string
}
