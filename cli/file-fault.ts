const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something of that name is there already',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a symbolic link',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'there is no such folder',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
}

/** Puts an error of the file system into words, with its code. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault'
  const words = WORDS[code]
  return words === undefined ? code : `${words}, ${code}`
}
