import { basename, extname } from 'node:path'

/** Formats that `import` reads. */
export const FORMATS = ['txt', 'csv', 'ndjson'] as const

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number]

/** Finds the format by the extension; for a compressed file such as `wave.csv.gz`, by the extension before `.gz`. */
export function formatOf(file: string): Format {
  const inner = basename(file).replace(/\.gz$/i, '')
  const extension = extname(inner).slice(1).toLowerCase()
  if (extension === 'csv') return 'csv'
  return extension === 'ndjson' || extension === 'jsonl' ? 'ndjson' : 'txt'
}
