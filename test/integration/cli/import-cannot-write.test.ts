import { link, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
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

  it('its rejected lines because the disk is full stops, and goes on when there is room', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1200)}\n${users(1300).slice(users(1200).length)}`)
    const { code, stdout, stderr } = await keySpace.run('import', file, '--rejected-file', '/dev/full')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the list of rejected lines cannot be written (the disk is full, ENOSPC)')
    expect(stderr).toContain('stopped: 1,000 lines = 1,000 accepted + 0 duplicate + 0 rejected; the other 301 lines')
    expect(stderr).toContain('the same command with --resume goes on from here')
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

  it.for([
    ['.rejected', 'a link', 'it is a symbolic link'],
    ['.checkpoint', 'a link', 'it is a symbolic link'],
    ['.checkpoint.next', 'a link', 'it is a symbolic link'],
    ['.rejected', 'a second name', 'it has a second name'],
    ['.rejected', 'a text of somebody else', 'this is no list of rejected lines'],
  ] as const)(
    'to %s because %s is there leaves it as it is, and enqueues nothing',
    async ([name, kind, words], context) => {
      const keySpace = await openKeySpace(context)
      const file = await keySpace.file('wave.txt', `user_1\n\n`)
      const precious = await keySpace.file('precious', 'precious\n')
      const place = `${file}${name}`
      if (kind === 'a link') await symlink(precious, place)
      else if (kind === 'a second name') await link(precious, place)
      else await writeFile(place, 'precious\n')
      const { code, stdout, stderr } = await keySpace.run('import', file)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(words)
      expect(stderr).toMatch(/name another place with --/)
      expect([await readFile(place, 'utf8'), await readFile(precious, 'utf8')]).toEqual(['precious\n', 'precious\n'])
      expect(await queued(keySpace)).toBe(0)
    },
  )

  it('for others: nobody else can read its checkpoint and its list, which replaces the list of an import before', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `\n${users(1200)}`)
    await writeFile(`${file}.rejected`, '7\tof last week\n')
    await interrupt(keySpace, file)
    for (const place of [`${file}.rejected`, `${file}.checkpoint`]) expect((await stat(place)).mode & 0o777).toBe(0o600)
    expect(await readFile(`${file}.rejected`, 'utf8')).toBe('1\tthe account is empty\n')
  })
})
