-- Deletes the data of dead letters that an operator gave up. Their receipts and outcomes stay. Joined behind
-- ledger.lua.
--
-- KEYS[10] stream of operators' actions
-- ARGV[1]  how the operator chose them, for that stream
-- ARGV[2]… job ids
--
-- Answers a list with, for each job: 'discarded'; 'unsettled' (BullMQ failed it without an outcome of ours, so it has
-- no receipt and must be replayed); 'in_queue' (it is no dead letter, it waits or a worker has it in hand); or
-- 'not_found'.
--
-- One script, so that the data and its count go together. Cost: six commands a job.
local function discard(jobId)
  local jobKey = QUEUE .. jobId
  if not redis.call('ZSCORE', QUEUE .. 'failed', jobId) then
    return redis.call('EXISTS', jobKey) == 1 and 'in_queue' or 'not_found'
  end
  local job = redis.call('HMGET', jobKey, 'settled', 'code')
  if not job[1] then return 'unsettled' end
  redis.call('ZREM', QUEUE .. 'failed', jobId)
  redis.call('DEL', jobKey, jobKey .. ':logs')
  if job[1] == 'dead_lettered' and redis.call('HINCRBY', DEAD_CODES, job[2] or '', -1) <= 0 then
    redis.call('HDEL', DEAD_CODES, job[2] or '')
  end
  return 'discarded'
end

local results, discarded = {}, 0
for i = 2, #ARGV do
  local result = discard(ARGV[i])
  if result == 'discarded' then discarded = discarded + 1 end
  results[#results + 1] = result
end
if discarded > 0 then
  redis.call('XADD', KEYS[10], 'MAXLEN', 1000, '*', 'action', 'discard', 'jobs', discarded, 'chosen', ARGV[1])
end
return results
