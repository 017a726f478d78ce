/**
 * A Redis whose data stay in a folder between two processes that use it one after the other, as two runs of one file do.
 *
 * Its life: started on a folder → stopped, or killed with its process → started on the same folder again. A server of a
 * process that was killed is ended by its guard (`orphan-guard.ts`); where the guard was killed too, the next start finds
 * that server by port and password, and ends it first. So no two servers ever write to one folder, as long as the caller
 * sees to it that one process at a time uses the folder.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { endServer } from './end-server.ts'
import { freePort } from './free-port.ts'
import { type PrivateRedis, startPrivateRedis } from './private-redis.ts'
import { RedisStartError } from './redis-process.ts'
import type { RedisProgram } from './redis-program.ts'

/** Place and program of such a server. */
export interface KeptRedisOptions {
  /** Folder of its data; it is made if missing, for this user alone. */
  readonly dir: string
  readonly program: RedisProgram
}

const OWNER_ONLY = 0o600
const PORTS_TO_TRY = 5
const addressSchema = z.object({ port: z.int(), password: z.string() })

/**
 * Starts a server on the folder. Each write is on the disk before Redis answers. The server takes a password, since other
 * users of the host can reach its port.
 *
 * @throws RedisStartError when the server does not start, or the one of an earlier process cannot be ended
 */
export async function startKeptRedis({ dir: given, program }: KeptRedisOptions): Promise<PrivateRedis> {
  const dir = resolve(given)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await endEarlier(dir)
  const password = randomBytes(24).toString('hex')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    // Before the start: a server whose address nobody knows could not be found again.
    await writeAddress(dir, { port, password })
    try {
      return await startPrivateRedis({ dir, program, port, password, appendFsync: 'always' })
    } catch (error) {
      const lostTheRace = error instanceof RedisStartError && error.code === 'REDIS_PORT_IN_USE'
      if (!lostTheRace || attempt === PORTS_TO_TRY) throw error
    }
  }
}

const addressFile = (dir: string): string => join(dir, 'address.json')

async function endEarlier(dir: string): Promise<void> {
  const address = await readAddress(dir)
  if (address === undefined) return
  const { port, password } = address
  if (await endServer(port, password)) return rm(addressFile(dir))
  throw new RedisStartError(
    `Something at port ${port} of this host does not answer; it may be the Redis of an earlier run on ${dir}. End it first.`,
    'REDIS_START_FAILED',
  )
}

/** Gives nothing where there is no address, or half of one after a power cut, which no server has outlived. */
async function readAddress(dir: string): Promise<z.infer<typeof addressSchema> | undefined> {
  try {
    return addressSchema.parse(JSON.parse(await readFile(addressFile(dir), 'utf8')))
  } catch {
    return undefined
  }
}

async function writeAddress(dir: string, address: z.infer<typeof addressSchema>): Promise<void> {
  const next = `${addressFile(dir)}.next`
  await writeFile(next, JSON.stringify(address), { mode: OWNER_ONLY })
  await rename(next, addressFile(dir))
}
