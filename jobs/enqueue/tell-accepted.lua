-- Writes how many accounts were accepted into the log of receipts, once for a batch. Joined behind log.lua.
--
-- KEYS[1…3] and ARGV[1…6] the entry, see writeOnce in log.lua
-- KEYS[4]  hash of jobs in batches that are under way, see begin-batch.lua
-- ARGV[7]  field of that hash which marks the accounts as told of; empty where they are not sent again
--
-- Answers { 'written', id }; 'told' (an earlier try has written it); or 'foreign' (see writeOnce).
local mark = ARGV[7]
if mark ~= '' and redis.call('HEXISTS', KEYS[4], mark) == 1 then return 'told' end
local answer, isNew = writeOnce()
if isNew and mark ~= '' then redis.call('HSET', KEYS[4], mark, 'told') end
return answer
