-- Writes the keeper's new state and head of the log, unless another keeper was quicker.
--
-- KEYS[1]  hash of the log
-- KEYS[2]  sorted set of kept heads, by size
-- KEYS[3]  state of the fleet (hash)
-- ARGV[1]  the state from which the keeper went on; empty where there was none
-- ARGV[2]  its new state
-- ARGV[3]  the new head
-- ARGV[4]  size of the head
-- ARGV[5]  '1': the head is to be kept, besides being the last one
-- ARGV[6]  id of the key that has signed it
--
-- Answers 'kept', or 'moved' (another keeper was quicker, or the key was changed; nothing was written). What was broken is broken no more.
-- Lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', KEYS[1])
local key = redis.call('HGET', KEYS[3], 'key')
if key and key ~= ARGV[6] then return 'moved' end
if (redis.call('HGET', KEYS[1], 'state') or '') ~= ARGV[1] then return 'moved' end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'head', ARGV[3])
redis.call('HDEL', KEYS[1], 'broken')
if ARGV[5] == '1' then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], ARGV[4], ARGV[4])
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[4] .. ' ' .. ARGV[3])
end
return 'kept'
