-- Writes how many accounts were accepted into the log of receipts, once for a batch. Joined behind log.lua.
--
-- KEYS[1…4] as in write-entry.lua
-- KEYS[5]  hash of jobs in batches that are under way, see begin-batch.lua
-- ARGV[1…5] the entry, see entryFrom in log.lua
-- ARGV[6]  field of that hash which marks the accounts as told of; empty where they are not sent again
--
-- Answers { 'written', id }; 'told' (an earlier try has written it); or 'foreign' (see write-entry.lua).
local keys = { receipts = KEYS[1], log = KEYS[2], fleet = KEYS[3], fleetId = KEYS[4] }
local entry = entryFrom(1)
local mark = ARGV[6]
-- Lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', keys.log)
if isForeign(keys, entry) then return 'foreign' end
if mark ~= '' and redis.call('HSETNX', KEYS[5], mark, 'told') == 0 then return 'told' end
local id, failed = writeEntry(keys, entry)
if failed then error(failed) end
return { 'written', id }
