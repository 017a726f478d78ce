/** A need of a package, which any one of the alternatives meets. */
export type Dependency = readonly Alternative[]

/** A package's name, with its version if only this one fits (`= 1.2`). */
interface Alternative {
  readonly name: string
  readonly exactVersion?: string
}

/** The fields of a Debian package's description that are used. */
export interface PackageDescription {
  readonly name: string
  readonly version: string
  readonly dependencies: readonly Dependency[]
}

/** The machine's knowledge of packages. Callers ask for many names at once, because each question starts a program. */
export interface PackageSource {
  /** Descriptions of the packages among `names` that can be downloaded. */
  describe(names: readonly string[]): Promise<readonly PackageDescription[]>
  /** The packages among `names` that are installed already. */
  installed(names: readonly string[]): Promise<ReadonlySet<string>>
}

/**
 * Lists the packages to unpack so that a program of package `root` runs without being installed.
 *
 * These are the package, its siblings from the same source package (Debian splits a program over several and pins them
 * to one version), and every library below them that the machine lacks. Packages that only an installation needs (init
 * scripts, tools to add users) are left out.
 *
 * @returns names, `root` first; empty when `root` itself cannot be downloaded
 */
export async function packagesToUnpack(root: string, source: PackageSource): Promise<readonly string[]> {
  const chosen = new Set<string>()
  let next: readonly string[] = [root]
  while (next.length > 0) {
    const described = await source.describe(next)
    for (const each of described) chosen.add(each.name)
    next = (await neededBy(described, source)).filter(name => !chosen.has(name))
  }
  return [...chosen]
}

async function neededBy(described: readonly PackageDescription[], source: PackageSource): Promise<string[]> {
  const siblings = described.flatMap(each => each.dependencies.flat().filter(isSiblingOf(each)))
  const libraries = described.flatMap(each => each.dependencies).filter(dependency => dependency.every(isLibrary))
  const names = libraries.flatMap(dependency => dependency.map(alternative => alternative.name))
  const installed = names.length === 0 ? new Set<string>() : await source.installed(names)
  const missing = libraries.filter(dependency => !dependency.some(alternative => installed.has(alternative.name)))
  return [...new Set([...siblings, ...missing.flatMap(dependency => dependency.slice(0, 1))].map(each => each.name))]
}

const isSiblingOf =
  (owner: PackageDescription) =>
  (alternative: Alternative): boolean =>
    alternative.exactVersion === owner.version

/** Whether a program may need the package to run; `libjs-…` are scripts for browsers. */
const isLibrary = ({ name }: Alternative): boolean => name.startsWith('lib') && !name.startsWith('libjs-')

/**
 * Reads the descriptions that `apt-cache show` prints: stanzas of `Field: value` lines, with an empty line between
 * them. It skips a stanza without name or version.
 */
export function parseDescriptions(printed: string): readonly PackageDescription[] {
  return printed.split(/\n\s*\n/).flatMap(stanza => {
    const fields = parseFields(stanza)
    const name = fields.get('package')
    const version = fields.get('version')
    if (name === undefined || version === undefined) return []
    const needs = [fields.get('pre-depends'), fields.get('depends')].filter(text => text !== undefined)
    return [{ name, version, dependencies: needs.flatMap(parseDependencies) }]
  })
}

function parseFields(stanza: string): ReadonlyMap<string, string> {
  const unfolded = stanza.replace(/\n[ \t]+/g, ' ')
  return new Map(
    unfolded.split('\n').flatMap(line => {
      const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const]
    }),
  )
}

/** Reads a `Depends` field, such as `libc6 (>= 2.34), libelogind0 | libsystemd0, redis-tools (= 5:7.0.15-1)`. */
export function parseDependencies(field: string): readonly Dependency[] {
  return field
    .split(',')
    .map(part => part.split('|').flatMap(parseAlternative))
    .filter(dependency => dependency.length > 0)
}

function parseAlternative(text: string): Alternative[] {
  // name, an architecture after a colon, and a version relation in brackets
  const [, name, exactVersion] = /^([a-z0-9][a-z0-9+.-]*)(?::\S+)?\s*(?:\(=\s*([^\s)]+)\s*\))?/.exec(text.trim()) ?? []
  if (name === undefined) return []
  return [exactVersion === undefined ? { name } : { name, exactVersion }]
}
