/** Name of this Linux, from /etc/os-release (freedesktop's os-release(5)). */
export interface OsRelease {
  /** For instance `debian`; `linux` if the file gives none. */
  readonly id: string
  /** For instance `12`; `unknown` if the file gives none, as with rolling releases. */
  readonly version: string
  /** Its own id and the ids of the systems that it derives from, nearest first. */
  readonly family: readonly string[]
}

/** Reads the text of /etc/os-release; an empty text gives the defaults that the standard names. */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map(
    text.split('\n').flatMap(line => {
      const [, name, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim()) ?? []
      return name === undefined || value === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const]
    }),
  )
  const id = fields.get('ID') ?? 'linux'
  const like = fields.get('ID_LIKE')?.split(/\s+/).filter(Boolean) ?? []
  return { id, version: fields.get('VERSION_ID') ?? 'unknown', family: [id, ...like] }
}
