-- Makes another key the fleet's. Joined behind log.lua.
--
-- KEYS[1…3] and ARGV[1…6] the entry that says so, see writeOnce in log.lua
-- ARGV[7]  id of the new key
-- ARGV[8…10] state, head and base of the log, as the caller has read them; empty where there is none
-- ARGV[11…13] the same, signed with the new key
--
-- Answers 'changed'; or 'moved' (somebody has kept the log or changed the key meanwhile), and nothing was written.
local FIELDS = { 'state', 'head', 'base' }
for i, field in ipairs(FIELDS) do
  if (redis.call('HGET', KEYS[2], field) or '') ~= ARGV[7 + i] then return 'moved' end
end
local _, isNew = writeOnce()
if not isNew then return 'moved' end
redis.call('HSET', ARGV[6], 'key', ARGV[7])
for i, field in ipairs(FIELDS) do redis.call('HSET', KEYS[2], field, ARGV[10 + i]) end
return 'changed'
