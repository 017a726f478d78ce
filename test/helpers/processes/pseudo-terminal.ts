import { commandEnvironment, entry } from './start-command.ts'
import { type StartedProcess, startProcess } from './start-process.ts'

/** What a terminal sends for Ctrl-C. */
export const CTRL_C = '\u0003'

/**
 * Starts `clear-friends …` in a pseudo-terminal, which `script` makes: a real one, with echo and signals. All that shows on
 * it arrives at stdout, and what is written to stdin is typed.
 *
 * @param settings the whole environment, apart from PATH
 */
export function startInTerminal(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  folder: string,
): StartedProcess {
  const command = [process.execPath, entry, ...args]
  // Without exec the shell would meet Ctrl-C too, and end with a code of its own.
  const options =
    process.platform === 'darwin'
      ? ['-q', '/dev/null', ...command]
      : ['--quiet', '--return', '--flush', '--command', `exec ${command.map(quoted).join(' ')}`, '/dev/null']
  return startProcess('script', options, { environment: { ...commandEnvironment, ...settings }, folder })
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`
