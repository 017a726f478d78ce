-- Makes another key the fleet's. Joined behind log.lua.
--
-- KEYS[1…4] see writeOnce in log.lua
-- ARGV[1…5] the entry that says so, see entryFrom in log.lua
-- ARGV[6]  id of the new key
-- ARGV[7…9] state, head and base of the log, as the caller has read them; empty where there is none
-- ARGV[10…12] the same, signed with the new key
--
-- Answers 'changed'; or 'moved' (somebody has kept the log or changed the key meanwhile), and nothing was written.
local FIELDS = { 'state', 'head', 'base' }
for i, field in ipairs(FIELDS) do
  if (redis.call('HGET', KEYS[2], field) or '') ~= ARGV[6 + i] then return 'moved' end
end
local _, isNew = writeOnce(entryFrom(1))
if not isNew then return 'moved' end
redis.call('HSET', KEYS[3], 'key', ARGV[6])
for i, field in ipairs(FIELDS) do redis.call('HSET', KEYS[2], field, ARGV[9 + i]) end
return 'changed'
