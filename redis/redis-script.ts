import { z } from 'zod'
import type { RedisConnection } from './connection.ts'

/** Runs a Lua script. A schema must parse its answer. */
export type RedisScript = (keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>

const commandSchema = z.custom<(...values: unknown[]) => Promise<unknown>>(value => typeof value === 'function')

/**
 * Makes a Lua script callable on a connection. The driver sends its hash; it sends the text again after `SCRIPT FLUSH`
 * and to a new server.
 *
 * @param redis the caller closes it
 * @param name unique among the scripts of the connection
 * @param lua the script's text
 */
export function createRedisScript(redis: RedisConnection, name: string, lua: string): RedisScript {
  redis.defineCommand(name, { lua })
  const command = commandSchema.parse(Reflect.get(redis, name)).bind(redis)
  return (keys, args) => command(keys.length, ...keys, ...args)
}
