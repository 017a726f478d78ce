/** Thrown when a file of an import cannot be opened, read or written. The message names file, reason and remedy. */
export class ImportFileError extends Error {
  override readonly name = 'ImportFileError'
  readonly code = 'IMPORT_FILE'
}
