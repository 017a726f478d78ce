/** What is wrong with one setting, in words for the operator. A secret's value is never in it. */
export interface SettingFault {
  readonly name: string
  /** What was found: the value in quotes, or `not set`. */
  readonly found: string
  readonly expected: string
}
