import { z } from 'zod'
import type { RedisConnection } from './connection.ts'

/** Runs a Lua script; the answer is `unknown` until a schema has parsed it. */
export type RedisScript = (keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>

const commandSchema = z.custom<(...values: unknown[]) => Promise<unknown>>(value => typeof value === 'function')

/**
 * Makes a Lua script callable on a connection. It is sent by its hash; after `SCRIPT FLUSH` or on a new server the text
 * goes along once more.
 *
 * @param redis stays the caller's
 * @param name unique among the scripts of the connection
 * @param lua the script's text
 */
export function createRedisScript(redis: RedisConnection, name: string, lua: string): RedisScript {
  redis.defineCommand(name, { lua })
  const command = commandSchema.parse(Reflect.get(redis, name)).bind(redis)
  return (keys, args) => command(keys.length, ...keys, ...args)
}
