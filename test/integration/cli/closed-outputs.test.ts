import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandEnvironment, entry } from '../../helpers/processes/start-command.ts'
import { startProcess } from '../../helpers/processes/start-process.ts'
import { users } from './import-runs.ts'
import { openKeySpace } from './key-space.ts'

/** Runs a command by a shell, which writes its exit code to the file `code`. */
async function runWith(outputs: string, args: string, settings: Readonly<Record<string, string>>, folder: string) {
  const line = `exec ${outputs}; sleep 0.2; "${process.execPath}" "${entry}" ${args}; echo $? > code`
  const environment = { ...commandEnvironment, ...settings }
  await startProcess('bash', ['-c', line], { environment, folder }).ended
}

describe.concurrent('a command whose output nobody reads', () => {
  it.for([
    ['> >(exit 0)', 'import wave.txt', '0\n'],
    ['2> >(exit 0)', 'import wave.txt', '0\n'],
    ['> >(exit 0) 2>&1', 'import wave.txt --json --max-rejected 0', '3\n'],
    ['> >(exit 0)', 'enqueue user_1 user_2', '0\n'],
    ['> /dev/full', 'import wave.txt', '1\n'],
  ] as const)('with %s does its work: %s', async ([outputs, args, code], context) => {
    const keySpace = await openKeySpace(context)
    await keySpace.file('wave.txt', `${users(2000)}\n`)
    await runWith(outputs, args, keySpace.settings, keySpace.folder)
    expect(await readFile(join(keySpace.folder, 'code'), 'utf8')).toBe(code)
    expect(await keySpace.accounts()).toHaveLength(args.startsWith('import') ? 2000 : 2)
    expect(await readdir(keySpace.folder)).not.toContain('wave.txt.checkpoint')
  })
})
