/** Thrown when a file of an import cannot be opened, read or written. The message says which one, why, and what to do. */
export class ImportFileError extends Error {
  override readonly name = 'ImportFileError'
  readonly code = 'IMPORT_FILE'
}
