import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'

const settings = workerSettingsFor({ url: 'http://127.0.0.1:1' }, { url: 'redis://127.0.0.1:1', prefix: '{settings}' })

describe('settings that are wrong or missing', () => {
  it('are reported all at once, with exit code 78', async () => {
    const wrong = { IM_BASE_URL: 'http://vendor.example', RATE_LIMIT_PER_SECOND: 'many', VERIFY: '2' }
    const missing = ['IM_SDK_APP_ID', 'IM_ADMIN', 'IM_SECRET_KEY', 'RECEIPT_KEY']
    const { code, stdout, stderr } = await runCommand(['worker'], wrong)
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    for (const name of [...Object.keys(wrong), ...missing]) expect(stderr).toContain(`  ${name}: `)
    expect(stderr).toContain('RATE_LIMIT_PER_SECOND: "many"; expected a whole number')
  })

  it('end `doctor` with exit code 78 too', async () => {
    const { code, stdout, stderr } = await runCommand(['doctor'], { ...settings, HTTP_PORT: 'any' })
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr).toContain('HTTP_PORT: "any"; expected a port number')
  })

  it('name a secret file that cannot be read', async () => {
    const { IM_SECRET_KEY: _, ...rest } = settings
    const { code, stderr } = await runCommand(['worker'], { ...rest, IM_SECRET_KEY_FILE: '/no/such/secret' })
    expect(code).toBe(78)
    expect(stderr).toContain('IM_SECRET_KEY_FILE: "/no/such/secret", which cannot be read (ENOENT)')
  })

  it('never show the value of a secret', async () => {
    const both = { ...settings, IM_SECRET_KEY: 'hush-hush', IM_SECRET_KEY_FILE: '/dev/null' }
    const { code, stderr } = await runCommand(['worker'], both)
    expect(code).toBe(78)
    expect(stderr).toContain('IM_SECRET_KEY: set, and IM_SECRET_KEY_FILE is set too')
    expect(stderr).not.toContain('hush-hush')
  })

  it.each([['enqueue', 'user_secret'], ['import', '-'], ['status'], ['pause'], ['resume'], ['rate']])(
    'keep `%s` from asking Redis',
    async (...args) => {
      const wrong = { REDIS_URL: 'redis://:hush@127.0.0.1/x', DUE_DAYS: 'soon' }
      const { code, stdout, stderr } = await runCommand(args, wrong)
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
      expect(stderr.split('\n')).toEqual([
        'Settings that need attention:',
        expect.stringContaining('REDIS_URL: "redis://[redacted]@127.0.0.1/x"; expected'),
        '  DUE_DAYS: "soon"; expected a number from 0 to 3650',
        '',
      ])
    },
  )
})
