-- Takes away the beginning of the log, and says so in the log. Joined behind log.lua.
--
-- KEYS[1…4] as in write-entry.lua
-- KEYS[5]  sorted set of kept heads, by size
-- ARGV[1…5] the entry that says so, see entryFrom in log.lua
-- ARGV[6]  number of the first entry that stays
-- ARGV[7]  the base: head, and how to go on from there
--
-- Answers { 'written', id }; or 'foreign' (see write-entry.lua), and nothing was taken away.
local keys = { receipts = KEYS[1], log = KEYS[2], fleet = KEYS[3], fleetId = KEYS[4] }
local entry = entryFrom(1)
-- Lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', keys.log)
if isForeign(keys, entry) then return 'foreign' end
local id, failed = writeEntry(keys, entry)
if failed then error(failed) end
redis.call('HSET', keys.log, 'base', ARGV[7])
redis.call('XTRIM', keys.receipts, 'MINID', ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[6])
return { 'written', id }
