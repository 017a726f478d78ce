import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'

const KEY = 'a made-up key of receipts, for tests'

describe('the seals of receipts', () => {
  it('call an account what any tool with the key calls it', () => {
    const expected = createHmac('sha256', KEY).update('user_4711').digest('base64url')
    expect(createReceiptSeals(KEY).pseudonymOf('user_4711')).toBe(expected)
  })

  it('call an account what the command in docs/receipts.md prints, whose arguments hold neither key nor account', async () => {
    const page = await readFile(new URL('../../../docs/receipts.md', import.meta.url), 'utf8')
    const script = /node -e '([^']+)'/.exec(page)?.[1] ?? ''
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-key-'))
    const file = join(folder, 'key')
    await writeFile(file, `${KEY}\n`)
    const run = promisify(execFile)(process.execPath, ['-e', script], { env: { RECEIPT_KEY_FILE: file } })
    run.child.stdin?.end('user_4711')
    expect((await run).stdout.trim()).toBe(createReceiptSeals(KEY).pseudonymOf('user_4711'))
    await rm(folder, { recursive: true })
  })

  it('differ by use and by key for the same parts', () => {
    const [ours, theirs] = [createReceiptSeals(KEY), createReceiptSeals(`${KEY}!`)]
    const parts = ['same', 'parts']
    const seals = [ours, theirs].flatMap(each => [
      each.pseudonymOf(JSON.stringify(parts)),
      each.content(JSON.stringify(parts)),
      each.checkpoint(parts),
      each.line(parts),
      each.link(parts),
    ])
    expect(new Set(seals).size).toBe(10)
  })
})
