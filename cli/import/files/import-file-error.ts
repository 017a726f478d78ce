/** Thrown when a file of an import cannot be opened, read, written or resumed. The message names file, reason and remedy. */
export class ImportFileError extends Error {
  override readonly name = 'ImportFileError'
  readonly code = 'IMPORT_FILE'
}
