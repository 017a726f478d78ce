import type { Redis } from 'ioredis'

/** A key at one moment. */
export interface StoredKey {
  readonly name: string
  /** Redis' name of the type: `string`, `hash`, `list`, `set`, `zset`, `stream`. */
  readonly type: string
  /** The value as Redis stores it, and every part of the value that a command reads. */
  readonly values: readonly Buffer[]
}

/** Within a script time stands still, so that no key expires between the look at its name and at its value. */
const READ_ALL = `
  local read = {
    string = function(key) return { redis.call('GET', key) } end,
    hash = function(key) return redis.call('HGETALL', key) end,
    list = function(key) return redis.call('LRANGE', key, 0, -1) end,
    set = function(key) return redis.call('SMEMBERS', key) end,
    zset = function(key) return redis.call('ZRANGE', key, 0, -1) end,
    stream = function(key)
      local values = {}
      for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
        for _, value in ipairs(entry[2]) do values[#values + 1] = value end
      end
      return values
    end,
  }
  local all = {}
  for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
    local type = redis.call('TYPE', key).ok
    local values = read[type] and read[type](key) or error('nobody knows how to read a ' .. type)
    table.insert(values, 1, redis.call('DUMP', key))
    all[#all + 1] = { key, type, values }
  end
  return all`

/** Reads every key below a prefix with its value, all at the same moment. */
export async function snapshot(redis: Redis, prefix: string): Promise<StoredKey[]> {
  const answer: unknown = await redis.callBuffer('EVAL', READ_ALL, '0', prefix)
  const rows = answer as readonly (readonly [Buffer, Buffer, readonly Buffer[]])[]
  return rows.map(([name, type, values]) => ({ name: name.toString(), type: type.toString(), values }))
}
