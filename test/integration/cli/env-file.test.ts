import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startCommand } from '../../helpers/processes/start-command.ts'
import { openKeySpace } from './key-space.ts'

describe.concurrent('a .env in the working directory', () => {
  it('gives a command its settings, except those that the environment has, and is told at debug', async context => {
    const { settings, folder, file } = await openKeySpace(context)
    await file('.env', 'RATE_LIMIT_PER_SECOND=77\nREDIS_URL=redis://127.0.0.1:1\nLOG_LEVEL=debug\n')
    const { code, stdout, stderr } = await startCommand(['rate'], settings, folder).ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: '77 calls per second allowed, 77 is the ceiling\n' })
    expect(stderr).toBe(`settings come from ${join(folder, '.env')} where the environment has none\n`)
  })

  it('may be a folder, which is no fault', async context => {
    const { settings, folder } = await openKeySpace(context)
    await mkdir(join(folder, '.env'))
    expect(await startCommand(['rate'], settings, folder).ended).toMatchObject({ code: 0, stderr: '' })
  })
})
