/** One fault of a file. */
export interface Finding {
  /**
   * `unreadable`: the line is no entry, or was rewritten. `order`: its number does not follow. `bad_signature`: it, or the
   * end of the export, is not signed with the key. `hole`: an entry of a sealer was taken out. `not_in_tree`: the lines do
   * not give the signed root. `fork`: two files, or a file and a head, contradict each other. `cut_off`: the end is
   * missing. `not_covered`: entries lie in none of the files. `foreign`: it belongs to another app, fleet or key.
   * `time`: its time is not the one that its sealer gave it.
   */
  readonly kind:
    | 'unreadable'
    | 'order'
    | 'bad_signature'
    | 'hole'
    | 'not_in_tree'
    | 'fork'
    | 'cut_off'
    | 'not_covered'
    | 'foreign'
    | 'time'
  /** The file as it was named. */
  readonly file: string
  /** Line of the file, from 1; 0 where no line can be named. */
  readonly line: number
  /** Number of the entry, where it is known. */
  readonly seq: number | null
  readonly text: string
}

/** Sums over the accounts of one request, or of all. An account counts by its last receipt. */
export interface AccountTotals {
  /** Accounts that producers have said to have enqueued; `null` where none said so. */
  readonly accepted: number | null
  readonly cleared: number
  readonly not_imported: number
  readonly dead_lettered: number
  readonly cancelled: number
  /** Accepted and not ended: pending, or missing. `null` where producers did not say of all how many were accepted. */
  readonly pending: number | null
  /** Of those cleared. */
  readonly verified: { readonly yes: number; readonly no: number; readonly skipped: number }
}

/** One export: it holds the entries behind `after` up to `through`, or those of one request. */
export interface ExportPart {
  readonly file: string
  readonly origin: string | null
  readonly after: number
  /** `null` where its end is not in the file. */
  readonly through: number | null
  readonly request: string | null
  /** Entries that the signed head covers; `null` where the file holds no head that is signed with the key. */
  readonly head: number | null
}

/** The result of a check. */
export interface Verification {
  /** Entries in the files. */
  readonly entries: number
  readonly parts: readonly ExportPart[]
  /** Empty where everything holds. */
  readonly findings: readonly Finding[]
  /** What a reader should know and is no fault, such as what was lost in a crash. */
  readonly remarks: readonly string[]
  /** Whether the signature of each entry was checked, beside the tree. */
  readonly each: boolean
  /** Over all accounts. Only files that hold the whole log say how many were accepted. */
  readonly totals: AccountTotals
  readonly requests: Readonly<Record<string, AccountTotals>>
}
