-- Makes another key the fleet's. Joined behind log.lua.
--
-- KEYS[1…4] as in write-entry.lua
-- ARGV[1…5] the entry that says so, see entryFrom in log.lua
-- ARGV[6]  id of the new key
-- ARGV[7]  state of the log, as the caller has read it; empty where there was none
-- ARGV[8…10] state, head and base, signed with the new key; empty where there is none
--
-- Answers 'changed'; 'foreign' (the fleet has another key than the old one); or 'moved' (a keeper has signed meanwhile).
local keys = { receipts = KEYS[1], log = KEYS[2], fleet = KEYS[3], fleetId = KEYS[4] }
local entry = entryFrom(1)
-- Lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', keys.log)
if isForeign(keys, entry) then return 'foreign' end
if (redis.call('HGET', keys.log, 'state') or '') ~= ARGV[7] then return 'moved' end
local id, failed = writeEntry(keys, entry)
if failed then error(failed) end
redis.call('HSET', keys.fleet, 'key', ARGV[6])
for i, field in ipairs({ 'state', 'head', 'base' }) do
  if ARGV[7 + i] ~= '' then redis.call('HSET', keys.log, field, ARGV[7 + i]) end
end
return 'changed'
