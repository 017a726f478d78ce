import { glob, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

const DOWNLOAD_TIMEOUT_MS = 180_000

/**
 * Downloads Debian packages and what they need, and unpacks them, without root and without installing them.
 *
 * apt gets lists, state and cache of its own inside the folder. It keeps the system's sources and keys, so it verifies
 * the packages as always. It also sees the installed packages, so it chooses the libraries that the machine lacks.
 *
 * @param folder an empty folder; the packages are unpacked into `tree` in it
 * @returns the fault, if there was one, as half a sentence
 */
export async function unpackPackages(names: readonly string[], folder: string): Promise<string | undefined> {
  const apt = await aptOfItsOwn(folder)
  const options = { timeoutMs: DOWNLOAD_TIMEOUT_MS }
  // The update may fail at a third source although Debian's own lists arrived. Only the download below decides.
  const update = await runProgram('apt-get', [...apt, '-qq', 'update'], options)
  const download = await runProgram('apt-get', [...apt, ...DOWNLOAD, ...names], options)
  if (download.kind === 'failed') {
    return `apt-get install: ${download.reason}${update.kind === 'failed' ? `; apt-get update: ${update.reason}` : ''}`
  }
  const tree = join(folder, 'tree')
  await mkdir(tree)
  const directory = join(folder, 'archives')
  for await (const file of glob('*.deb', { cwd: directory })) {
    const unpack = await runProgram('dpkg', ['-x', file, tree], { ...options, directory })
    if (unpack.kind === 'failed') return `dpkg -x ${file}: ${unpack.reason}`
  }
  return undefined
}

/** Makes apt download the named packages, installed or not, and all packages below them that the machine lacks. */
const DOWNLOAD = ['-qq', '--yes', '--no-install-recommends', '--download-only', '--reinstall', 'install']

/** Writes a file of settings that keep apt inside the folder; returns the arguments that name the file. */
async function aptOfItsOwn(folder: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true })
  await mkdir(join(folder, 'archives', 'partial'), { recursive: true })
  const file = join(folder, 'apt.conf')
  const settings = [
    `Dir::State ${quoted(folder)};`,
    `Dir::State::Lists ${quoted(join(folder, 'lists'))};`,
    `Dir::Cache ${quoted(folder)};`,
    // Only root may lock the system's list of installed packages, and nothing is installed here.
    'Debug::NoLocking "true";',
    // Run by root, apt would download as user _apt, who cannot write here.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    // The system's hooks would clean up in other places.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  ]
  await writeFile(file, `${settings.join('\n')}\n`)
  return ['-c', file]
}

const quoted = (path: string): string => `"${path.replaceAll('"', '')}"`
