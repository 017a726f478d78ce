/** The lines of docs/receipts.md that check a head with openssl alone, run as they stand there. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openSigned, run } from './signed-log.ts'

const page = readFileSync(new URL('../../../docs/receipts.md', import.meta.url), 'utf8')
const section = page.slice(page.indexOf('## A head with openssl alone'))
const [keyLine = '', ...lines] = (/\n\n((?: {4}.*\n)+)/.exec(section)?.[1] ?? '').trim().split(/\n\s*/)

it('openssl verifies a head with the lines of the docs, and refuses one that was changed', async context => {
  const { keySpace, keeper, log } = await openSigned(context, 3)
  await log.write(4)
  const kept = await keeper.keep(true)
  const note = kept.kind === 'kept' ? kept.note : ''
  const at = note.indexOf('\n\n') + 1
  expect(keyLine).toBe('clear-friends receipts key --pem > key.pem')
  await keySpace.file('key.pem', (await run(keySpace, 'key', '--pem')).stdout)
  await keySpace.file('signature', note.slice(note.lastIndexOf(' ') + 1))
  const check = async (head: string): Promise<string> => {
    await keySpace.file('head', head)
    return promisify(execFile)('sh', ['-ec', lines.join('\n')], { cwd: keySpace.folder }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string }) => `failed: ${error.stdout}${error.stderr}`,
    )
  }
  expect(await check(note.slice(0, at))).toBe('Signature Verified Successfully\n')
  expect(await check(note.slice(0, at).replace('\n7\n', '\n8\n'))).toMatch(/^failed: .*Signature Verification Failure/s)
})
