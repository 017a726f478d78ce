import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { type TestRedis, testRedis } from '../../helpers/redis/redis.ts'

let corner: TestRedis
let folder: string
let settings: Record<string, string>
const vendor = {
  IM_BASE_URL: 'https://vendor.example',
  IM_SDK_APP_ID: '1400000000',
  IM_ADMIN: 'administrator',
  IM_SECRET_KEY: 'made-up-key',
  RECEIPT_KEY: 'a made-up key of receipts, for tests',
}

beforeAll(async () => {
  corner = testRedis()
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-cli-'))
  settings = { REDIS_URL: corner.url, REDIS_PREFIX: corner.prefix }
})

afterAll(async () => {
  await corner.cleanUp()
  await rm(folder, { recursive: true })
})

const file = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const queued = async (): Promise<number> => {
  const redis = new Redis(corner.url)
  const count = await redis.zcard(`${corner.prefix}:clear-friends:prioritized`)
  redis.disconnect()
  return count
}

describe.concurrent('settings', () => {
  it('reports everything that is missing or wrong at once and exits with 78', async () => {
    const wrong = { IM_BASE_URL: 'http://vendor.example', RATE_LIMIT_PER_SECOND: 'many', VERIFY: '2' }
    const { code, stdout, stderr } = await runCommand(['worker'], wrong)
    expect(code).toBe(78)
    expect(stdout).toBe('')
    for (const name of [
      'IM_BASE_URL',
      'IM_SDK_APP_ID',
      'IM_ADMIN',
      'IM_SECRET_KEY',
      'RECEIPT_KEY',
      'RATE_LIMIT_PER_SECOND',
      'VERIFY',
    ]) {
      expect(stderr).toContain(`  ${name}: `)
    }
    expect(stderr).toContain('RATE_LIMIT_PER_SECOND: "many"; expected a whole number')
  })

  it('names a secret file that cannot be read', async () => {
    const missing = join(folder, 'no-such-secret')
    const { IM_SECRET_KEY: _, ...rest } = vendor
    const { code, stderr } = await runCommand(['worker'], { ...rest, IM_SECRET_KEY_FILE: missing })
    expect(code).toBe(78)
    expect(stderr).toContain(`IM_SECRET_KEY_FILE: "${missing}", which cannot be read (ENOENT)`)
  })

  it('never shows the value of a secret', async () => {
    const both = { ...vendor, IM_SECRET_KEY: 'hush-hush', IM_SECRET_KEY_FILE: '/dev/null' }
    const { code, stderr } = await runCommand(['worker'], both)
    expect(code).toBe(78)
    expect(stderr).toContain('IM_SECRET_KEY: set, and IM_SECRET_KEY_FILE is set too')
    expect(stderr).not.toContain('hush-hush')
  })
})

describe.concurrent('the command line', () => {
  it.each([
    [['enqeue', 'user_1'], "error: unknown command 'enqeue'"],
    [['status', '--jsn'], "error: unknown option '--jsn'"],
    [['enqueue'], "error: missing required argument 'account'"],
    [['enqueue', 'user_1', '--due', 'soon'], '"soon" is no due date'],
    [['enqueue', 'user_1', '--delete-type', 'all'], 'Allowed choices are both, single'],
    [['import', 'x.txt', '--format', 'xml'], 'Allowed choices are txt, csv, ndjson'],
    [['enqueue', ''], 'argument 1: the account is empty'],
    [['enqueue', 'user_1', 'x'.repeat(33)], 'argument 2: the account is longer than 32 bytes'],
    [['enqueue', 'user\u0007'], 'argument 1: the account holds a character that is not printable'],
  ])('refuses %j with one line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await runCommand(args, settings)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(await queued()).toBe(0)
  })
})

describe('import', () => {
  it('refuses a file that does not exist', async () => {
    const { code, stderr } = await runCommand(['import', join(folder, 'nothing.txt')], settings)
    expect(code).toBe(1)
    expect(stderr).toContain('there is no such file')
  })

  it('refuses a binary file before anything is enqueued', async () => {
    const path = await file('picture.txt', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 10, 65]))
    const { code, stderr } = await runCommand(['import', path], settings)
    expect(code).toBe(1)
    expect(stderr).toContain('the input is a binary file')
    expect(await queued()).toBe(0)
  })

  it('refuses a csv without the column and does not show what may be a user id', async () => {
    const path = await file('people.csv', 'user_99,blue\nuser_98,red\n')
    const { code, stderr } = await runCommand(['import', path], settings)
    expect(code).toBe(1)
    expect(stderr).toContain('the csv has no column "account"')
    expect(stderr).not.toContain('user_9')
    expect(await queued()).toBe(0)
  })

  it('rejects broken lines with number and reason, takes the rest, and adds up', async () => {
    const lines = ['"user_n1"', '{"account":"user_n2","due":"7d"}', '{"account":', '{"account":""}', '42', '"user_n1"']
    const path = await file('mixed.ndjson', `${lines.join('\n')}\n`)
    const { code, stdout, stderr } = await runCommand(['import', path, '--json'], settings)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      lines: 6,
      accepted: 2,
      duplicate: 1,
      rejected: 3,
      rejectedFile: `${path}.rejected`,
    })
    expect(await readFile(`${path}.rejected`, 'utf8')).toBe(
      '3\tthe line is no JSON\n4\tthe account is empty\n5\tthe line is neither a string nor an object\n',
    )
    expect(stderr).not.toContain('user_n')
  })

  it('reads txt and csv and standard input', async () => {
    const txt = await file('a.txt', '\uFEFFuser_t1\r\nuser_t2\n\nuser t3 \n')
    expect((await runCommand(['import', txt], settings)).stdout).toBe(
      '4 lines = 3 accepted + 0 duplicate + 1 rejected\n',
    )
    const csv = await file('b.csv', 'name,id\n"a, b",user_c1\nc,user_t1\nd\n')
    const fromCsv = await runCommand(['import', csv, '--column', 'id', '--json'], settings)
    expect(JSON.parse(fromCsv.stdout)).toMatchObject({ lines: 3, accepted: 1, duplicate: 1, rejected: 1 })
    const piped = await runCommand(['import', '-', '--json'], settings, 'user_s1\nuser_s2')
    expect(JSON.parse(piped.stdout)).toMatchObject({ lines: 2, accepted: 2, rejected: 0, rejectedFile: null })
  })
})

describe('Redis', () => {
  const away = { REDIS_URL: 'redis://127.0.0.1:1', REDIS_PREFIX: '{x}' }

  it.concurrent.each([['enqueue', 'user_1'], ['import', '-'], ['status'], ['pause'], ['worker']])(
    'away: `%s` fails with a clear message',
    async (...args) => {
      const { code, stderr } = await runCommand(args, { ...vendor, ...away, HTTP_PORT: '0' })
      expect(code).toBe(1)
      expect(stderr).toContain('Redis cannot be used')
      expect(stderr).toContain('ECONNREFUSED')
      expect(stderr).not.toContain('user_1')
    },
  )

  it('with a wrong password fails at once and does not show it', async () => {
    const url = new URL(corner.url)
    const { code, stderr } = await runCommand(['status'], { REDIS_URL: `redis://someone:wrong-pass@${url.host}` })
    expect(code).toBe(1)
    expect(stderr).toMatch(/WRONGPASS|AUTH/)
    expect(stderr).not.toContain('wrong-pass')
  })

  it('too old is refused with its version', async () => {
    const old = await startOldRedis()
    const { code, stderr } = await runCommand(['enqueue', 'user_1'], { REDIS_URL: `redis://127.0.0.1:${portOf(old)}` })
    old.close()
    expect(code).toBe(1)
    expect(stderr).toContain('Redis 5.0.14 is too old. Use 6.2.0 or newer.')
  })
})

describe('a worker', () => {
  it('names a port that is in use and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    const port = String(portOf(taken))
    const { code, stdout, stderr } = await runCommand(['worker'], { ...settings, ...vendor, HTTP_PORT: port })
    taken.close()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`HTTP_PORT ${port} on 127.0.0.1 is in use`)
  })
})

describe('a rejected-lines file that cannot be written', () => {
  it('stops the import with the reason', async () => {
    const blocked = await file('blocked.txt', '\n')
    await mkdir(`${blocked}.rejected`)
    const { code, stderr } = await runCommand(['import', blocked], settings)
    expect(code).toBe(1)
    expect(stderr).toContain('EISDIR')
  })
})

const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Speaks just enough of the protocol to say that it is version 5. */
async function startOldRedis(): Promise<Server> {
  const info = '# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\nloading:0\r\n'
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      for (const command of data
        .toString()
        .toLowerCase()
        .match(/\r\n(hello|info|client|select|ping|config|quit)\r\n/g) ?? []) {
        if (command.includes('hello')) socket.write("-ERR unknown command 'HELLO'\r\n")
        else if (command.includes('info')) socket.write(`$${info.length}\r\n${info}\r\n`)
        else socket.write('+OK\r\n')
      }
    })
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  return server
}
