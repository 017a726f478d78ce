-- Enqueues dead letters anew: each becomes a new job with attempts from 1, and its request's figures follow. Joined
-- behind ledger.lua and waiting-line.lua. Depends on the key layout of BullMQ 6; tests compare it with BullMQ.
--
-- KEYS[10] stream of operators' actions
-- ARGV[1]  how the operator chose them, for that stream
-- ARGV[2]… job id, new job id, job id, new job id …
--
-- Answers a list with, for each job: 'replayed'; 'live' (the account has another job in the queue, the dead letter
-- stays); 'in_queue' (it is no dead letter, it waits or a worker has it in hand); or 'not_found'.
--
-- One script, so that a job is a dead letter or in the queue at any moment, and a second replay enqueues nothing. The
-- new job has a new id, so that a worker that lost the old one long ago cannot settle it. Cost: about twenty commands
-- a job.
local ENDED = { 'settled', 'proof', 'receipt', 'code', 'why', 'failedReason', 'finishedOn', 'processedOn', 'stacktrace', 'returnvalue',
  'progress', 'atm', 'ats', 'stc', 'pb', 'defa' }

local function replay(jobId, newJobId)
  local jobKey, newKey = QUEUE .. jobId, QUEUE .. newJobId
  if not redis.call('ZSCORE', QUEUE .. 'failed', jobId) then
    return redis.call('EXISTS', jobKey) == 1 and 'in_queue' or 'not_found'
  end
  local job = redis.call('HMGET', jobKey, 'settled', 'code', 'data', 'opts', 'deid', 'name')
  if not job[3] then return 'not_found' end
  local deduplicationKey = job[5] and QUEUE .. 'de:' .. job[5]
  local live = deduplicationKey and redis.call('GET', deduplicationKey)
  if live and redis.call('EXISTS', QUEUE .. live) == 1 then return 'live' end

  local data, priority = decoded(job[3]), tonumber(decoded(job[4]).priority) or 0
  local request = data.request
  -- A duplicate may have brought the due date forward since the job was made.
  if priority > 0 and type(data.due) == 'number' then priority = math.min(priority, priorityOfDue(data.due)) end
  redis.call('ZREM', QUEUE .. 'failed', jobId)
  redis.call('RENAME', jobKey, newKey)
  redis.call('DEL', jobKey .. ':logs')
  redis.call('HDEL', newKey, unpack(ENDED))
  redis.call('HSET', newKey, 'timestamp', text(nowMs()), 'delay', 0, 'priority', priority)
  if job[1] == 'dead_lettered' then takeBack(newKey, job[2] or '', type(request) == 'string' and request) end
  if deduplicationKey then redis.call('SET', deduplicationKey, newJobId) end
  tell('added', 'jobId', newJobId, 'name', job[6] or '')
  putInLine(newJobId, priority)
  tell('waiting', 'jobId', newJobId)
  return 'replayed'
end

local results, replayed = {}, 0
for i = 2, #ARGV, 2 do
  local result = replay(ARGV[i], ARGV[i + 1])
  if result == 'replayed' then replayed = replayed + 1 end
  results[#results + 1] = result
end
if replayed > 0 then
  redis.call('XADD', KEYS[10], 'MAXLEN', 1000, '*', 'action', 'replay', 'jobs', replayed, 'chosen', ARGV[1])
end
return results
