-- Takes away the beginning of the log, and says so in the log. Joined behind log.lua.
--
-- KEYS[1…4] see writeOnce in log.lua
-- KEYS[5]  sorted set of kept heads, by size
-- ARGV[1…5] the entry that says so, see entryFrom in log.lua
-- ARGV[6]  number of the first entry that stays
-- ARGV[7]  the base: head, and how to go on from there
--
-- Answers as writeOnce does; where it is 'foreign' nothing was taken away.
local answer, isNew = writeOnce(entryFrom(1))
if isNew then
  redis.call('HSET', KEYS[2], 'base', ARGV[7])
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[6])
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[6])
end
return answer
