-- Writes an entry that ends no job into the log of receipts. Joined behind log.lua.
--
-- KEYS[1]  stream of receipts
-- KEYS[2]  hash of the log
-- KEYS[3]  state of the fleet (hash)
-- KEYS[4]  id of the fleet
-- ARGV     the entry, see entryFrom in log.lua
--
-- Answers { 'written', id }; or 'foreign' (the fleet has another id or key than the entry was sealed for).
local keys = { receipts = KEYS[1], log = KEYS[2], fleet = KEYS[3], fleetId = KEYS[4] }
local entry = entryFrom(1)
-- Lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', keys.log)
if isForeign(keys, entry) then return 'foreign' end
local id, failed = writeEntry(keys, entry)
if failed then error(failed) end
return { 'written', id }
