import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ImportFileError } from '../../../../cli/import/files/import-file-error.ts'
import { RejectedLines, type RejectedPlace } from '../../../../cli/import/files/rejected-lines.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clear-friends-rejected-'))
  file = join(folder, 'a.rejected')
})
afterEach(() => rmSync(folder, { recursive: true }))

const place = (isNamed = false): RejectedPlace => ({ file, isNamed })
const content = (): string => readFileSync(file, 'utf8')

describe('the list of rejected lines', () => {
  it('is no file as long as nothing is rejected', async () => {
    const rejected = new RejectedLines(place())
    await rejected.check()
    expect(await rejected.flush()).toBe(0)
    await rejected.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('has a line for each, with number and reason, and replaces an older list', async () => {
    writeFileSync(file, '9\tfrom last week\n')
    const rejected = new RejectedLines(place())
    await rejected.add(2, 'the account is empty')
    await rejected.add(7, 'the line is no JSON')
    expect(await rejected.flush()).toBe(content().length)
    await rejected.close()
    await rejected.close()
    expect(content()).toBe('2\tthe account is empty\n7\tthe line is no JSON\n')
  })

  it('keeps no more in memory than it must', async () => {
    const rejected = new RejectedLines(place())
    for (let line = 1; line <= 5000; line++) await rejected.add(line, 'the account is empty')
    expect(content().length).toBeGreaterThan(50_000)
    await rejected.flush()
    await rejected.close()
    expect(content().split('\n')).toHaveLength(5001)
  })

  it('goes on behind the lines that count, whatever a killed process has left after them', async () => {
    writeFileSync(file, '1\tcounts\n2\tdoes not\n3\thal')
    const rejected = new RejectedLines(place(), '1\tcounts\n'.length)
    await rejected.check()
    await rejected.add(2, 'the account is empty')
    await rejected.flush()
    await rejected.close()
    expect(content()).toBe('1\tcounts\n2\tthe account is empty\n')
  })

  it('takes back lines that do not count after all', async () => {
    const rejected = new RejectedLines(place())
    await rejected.add(1, 'counts')
    const bytes = await rejected.flush()
    await rejected.add(2, 'does not')
    await rejected.flush()
    await rejected.cutTo(bytes)
    await rejected.close()
    expect(content()).toBe('1\tcounts\n')
  })

  it('is not begun anew when what an interrupted import has listed is gone', async () => {
    await expect(new RejectedLines(place(), 100).check()).rejects.toThrow('they are gone')
    writeFileSync(file, '1\tshort\n')
    await expect(new RejectedLines(place(), 100).check()).rejects.toThrow(ImportFileError)
  })

  it('says before anything else that its folder is not there', async () => {
    const rejected = new RejectedLines({ file: join(folder, 'no-such-folder', 'a.rejected'), isNamed: false })
    await expect(rejected.check()).rejects.toThrow('there is no such file or folder, ENOENT')
    await rejected.add(1, 'the account is empty')
    await expect(rejected.flush()).rejects.toThrow('name another place with --rejected-file')
    await rejected.close()
  })

  it.runIf(existsSync('/dev/full'))('says that the disk is full', async () => {
    symlinkSync('/dev/full', file)
    const rejected = new RejectedLines(place(true))
    await rejected.check()
    await rejected.add(1, 'the account is empty')
    await expect(rejected.flush()).rejects.toThrow(
      'a.rejected: the list of rejected lines cannot be written (the disk is full',
    )
    await rejected.close()
  })
})
