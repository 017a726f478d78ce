-- Answers which jobs of a batch are not in Redis yet, and remembers the batch until its producer forgets it. A script
-- that ends a job before that marks it in KEYS[2], see ledger.lua.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  hash of jobs in batches that are under way: job id → `sent` or `ended`
-- ARGV[1]  seconds after which Redis forgets batches whose producer never came back
-- ARGV[2]… job ids
--
-- Answers, in the order of the ids, 1 for a job that must be sent and 0 for one that was sent before. One script, so
-- that no job can end between the two questions about it. Cost: three commands a job.
local answer = {}
for i = 2, #ARGV do
  local hasEnded = redis.call('HGET', KEYS[2], ARGV[i]) == 'ended'
  local isThere = redis.call('EXISTS', KEYS[1] .. ARGV[i]) == 1
  if not hasEnded then redis.call('HSET', KEYS[2], ARGV[i], 'sent') end
  answer[i - 1] = (hasEnded or isThere) and 0 or 1
end
redis.call('EXPIRE', KEYS[2], ARGV[1])
return answer
