import { existsSync } from 'node:fs'
import { readdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { interrupt, queued, users } from './import-runs.ts'
import { openKeySpace } from './key-space.ts'

describe.concurrent('an import that cannot write', () => {
  it.for([
    [['--rejected-file', 'wave.txt'], 'the input and the list of rejected lines would be one file'],
    [['--rejected-file', 'link.txt'], 'the input and the list of rejected lines would be one file'],
    [['--checkpoint-file', './wave.txt'], 'the input and the checkpoint would be one file'],
    [
      ['--rejected-file', 'new', '--checkpoint-file', './new'],
      'the checkpoint and the list of rejected lines would be',
    ],
  ] as const)('to a file of its own, with %j, says so and harms none', async ([args, message], context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    await symlink(file, join(keySpace.folder, 'link.txt'))
    const places = args.map(arg => (arg.startsWith('--') ? arg : join(keySpace.folder, arg)))
    const { code, stdout, stderr } = await keySpace.run('import', file, ...places)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
    expect(await readFile(file, 'utf8')).toBe(users(10))
    expect(await queued(keySpace)).toBe(0)
  })

  it.for([
    ['--checkpoint-file', 'the checkpoint cannot be written ('],
    ['--rejected-file', 'the list of rejected lines cannot be written ('],
  ] as const)('to the place of its %s says so before anything is enqueued', async ([option, message], context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    // A folder in which no user may make files, not even root.
    const { code, stdout, stderr } = await keySpace.run('import', file, option, '/proc/no/wave')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`/proc/no/wave: ${message}`)
    expect(stderr).toContain(`name another place with ${option}`)
    expect(await queued(keySpace)).toBe(0)
  })

  it('its checkpoint because the disk is full says so before anything is enqueued', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    await symlink('/dev/full', `${file}.checkpoint.next`)
    const { code, stderr } = await keySpace.run('import', file)
    expect(code).toBe(1)
    expect(stderr).toContain('the checkpoint cannot be written (the disk is full, ENOSPC)')
    expect(await queued(keySpace)).toBe(0)
    expect(existsSync(`${file}.checkpoint`)).toBe(false)
  })

  it('its rejected lines because the disk is full stops, and goes on when there is room', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1200)}\n${users(1300).slice(users(1200).length)}`)
    await symlink('/dev/full', `${file}.rejected`)
    const { code, stdout, stderr } = await keySpace.run('import', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the list of rejected lines cannot be written (the disk is full, ENOSPC)')
    expect(stderr).toContain('the same command with --resume goes on from here')
    await rm(`${file}.rejected`)
    const resumed = await keySpace.run('import', file, '--resume', '--json')
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      lines: 1301,
      accepted: 1300,
      duplicate: 0,
      strengthened: 0,
      rejected: 1,
    })
    expect(await readFile(`${file}.rejected`, 'utf8')).toBe('1201\tthe account is empty\n')
  })

  it('beside its file is given other places', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1200)}\n`)
    const checkpoint = join(keySpace.folder, 'here')
    const places = ['--checkpoint-file', checkpoint, '--rejected-file', join(keySpace.folder, 'there')]
    await interrupt(keySpace, file, ...places)
    expect((await readdir(keySpace.folder)).toSorted()).toEqual(['here', 'wave.txt'])
    const { code } = await keySpace.run('import', file, '--resume', ...places)
    expect(code).toBe(0)
    expect((await readdir(keySpace.folder)).toSorted()).toEqual(['there', 'wave.txt'])
  })
})
