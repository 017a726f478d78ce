-- Takes away the beginning of the log, and says so in the log. Joined behind log.lua.
--
-- KEYS[1…3] and ARGV[1…6] the entry that says so, see writeOnce in log.lua
-- KEYS[4]  sorted set of kept heads, by size
-- ARGV[7]  number of the first entry that stays
-- ARGV[8]  the base: head, and how to go on from there
--
-- Answers as writeOnce does; where it is 'foreign' nothing was taken away.
local answer, isNew = writeOnce()
if isNew then
  redis.call('HSET', KEYS[2], 'base', ARGV[8])
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[7])
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. ARGV[7])
end
return answer
