import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RejectedLines } from '../../../../cli/import-file/rejected-lines.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clear-friends-rejected-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the list of rejected lines', () => {
  it('is no file as long as nothing is rejected', async () => {
    const rejected = new RejectedLines(join(folder, 'a.rejected'))
    await rejected.close()
    expect(rejected.count).toBe(0)
    expect(readdirSync(folder)).toEqual([])
  })

  it('has a line for each, with number and reason, and replaces an older list', async () => {
    const file = join(folder, 'a.rejected')
    writeFileSync(file, 'from last week\n')
    const rejected = new RejectedLines(file)
    await rejected.add(2, 'the account is empty')
    await rejected.add(7, 'the line is no JSON')
    await rejected.close()
    await rejected.close()
    expect(rejected.count).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe('2\tthe account is empty\n7\tthe line is no JSON\n')
  })

  it('waits for the disk when there are many', async () => {
    const file = join(folder, 'a.rejected')
    const rejected = new RejectedLines(file)
    for (let line = 1; line <= 5000; line++) await rejected.add(line, 'the account is empty')
    await rejected.close()
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5001)
  })

  it('says at once when it cannot be made', async () => {
    const rejected = new RejectedLines(join(folder, 'no-such-folder', 'a.rejected'))
    await expect(rejected.add(1, 'the account is empty')).rejects.toThrow('ENOENT')
    await rejected.close()
  })

  it('says so when the disk is full, even if that shows only later', async () => {
    const file = join(folder, 'a.rejected')
    symlinkSync('/dev/full', file)
    const rejected = new RejectedLines(file)
    await rejected.add(1, 'the account is empty')
    await expect(rejected.close()).rejects.toThrow('ENOSPC')
    await expect(rejected.add(2, 'the account is empty')).rejects.toThrow('ENOSPC')
  })
})
