import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { FileChangedError, InputFile } from '../../../../cli/import/files/input-file.ts'
import { all } from './read/bytes.ts'

const folder = mkdtempSync(join(tmpdir(), 'clear-friends-input-'))
afterAll(() => rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
/** A bit more than two of the blocks in which a file is checked. */
const LARGE = Buffer.from(Array.from({ length: 60_000 }, (_, n) => `user_${n}\n`).join(''))

async function readOnce(content: string | Buffer) {
  const path = join(folder, 'wave.txt')
  writeFileSync(path, content)
  const file = new InputFile(path, await open(path))
  const first = Buffer.concat(await all(file.read(signal)))
  return { path, file, first, content: await file.finish(signal) }
}

describe('a file of an import', () => {
  it.for(['', 'user_1\n', LARGE])('is read twice as the same bytes, and knows its size', async bytes => {
    const { file, first, content } = await readOnce(bytes)
    expect(content.bytes).toBe(Buffer.byteLength(bytes))
    expect(first.equals(Buffer.from(bytes))).toBe(true)
    expect(Buffer.concat(await all(file.readAgain(signal))).equals(first)).toBe(true)
    await file.close()
  })

  it.for<[string, (path: string) => void]>([
    ['grown', path => appendFileSync(path, 'user_x\n')],
    ['emptied', path => truncateSync(path)],
    ['cut off', path => truncateSync(path, 3)],
    ['overwritten with as many bytes', path => writeFileSync(path, 'USER_1\nuser_2\n')],
  ])('that was %s is not passed on', async ([, change]) => {
    const { path, file } = await readOnce('user_1\nuser_2\n')
    change(path)
    await expect(all(file.readAgain(signal))).rejects.toThrow(FileChangedError)
    await file.close()
  })

  it('that changed behind its reader fails at its end', async () => {
    const { path, file } = await readOnce('user_1\nuser_2\n')
    const reading = file.readAgain(signal)
    await reading.next()
    writeFileSync(path, 'user_3\n')
    await expect(reading.next()).rejects.toThrow(FileChangedError)
    await file.close()
  })

  it('whose bytes are the same passes, though it was touched, or replaced by another file', async () => {
    const { path, file, first } = await readOnce('user_1\nuser_2\n')
    utimesSync(path, 1, 1)
    renameSync(path, `${path}.old`)
    writeFileSync(path, 'person_1\n')
    expect(Buffer.concat(await all(file.readAgain(signal))).equals(first)).toBe(true)
    await file.close()
  })

  it('passes nothing on of a block in which any byte has changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(LARGE.length - 1), async place => {
        const { path, file } = await readOnce(LARGE)
        const changed = Buffer.from(LARGE)
        changed[place] = (changed[place] ?? 0) ^ 1
        writeFileSync(path, changed)
        const passed: Buffer[] = []
        const reading = async (): Promise<void> => {
          for await (const block of file.readAgain(signal)) passed.push(block)
        }
        await expect(reading()).rejects.toThrow(FileChangedError)
        await file.close()
        const bytes = Buffer.concat(passed)
        expect(bytes.length).toBeLessThanOrEqual(place)
        expect(bytes.equals(LARGE.subarray(0, bytes.length))).toBe(true)
      }),
      { numRuns: 15 },
    )
  })
})
