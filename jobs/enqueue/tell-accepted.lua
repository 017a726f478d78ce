-- Writes how many accounts were accepted into the log of receipts, once for a batch. Joined behind log.lua.
--
-- KEYS[1…4] see writeOnce in log.lua
-- KEYS[5]  hash of jobs in batches that are under way, see begin-batch.lua
-- ARGV[1…5] the entry, see entryFrom in log.lua
-- ARGV[6]  field of that hash which marks the accounts as told of; empty where they are not sent again
--
-- Answers { 'written', id }; 'told' (an earlier try has written it); or 'foreign' (see writeOnce).
local mark = ARGV[6]
if mark ~= '' and redis.call('HEXISTS', KEYS[5], mark) == 1 then return 'told' end
local answer, isNew = writeOnce(entryFrom(1))
if isNew and mark ~= '' then redis.call('HSET', KEYS[5], mark, 'told') end
return answer
