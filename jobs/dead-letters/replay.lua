-- Enqueues dead letters anew: each becomes a new job with attempts from 1, and its request's figures follow. Joined
-- behind ledger.lua. Depends on the key layout of BullMQ 6; tests compare it with BullMQ.
--
-- KEYS[8]  stream of operators' actions
-- ARGV[1]  how the operator chose them, for that stream
-- ARGV[2]… job id, new job id, job id, new job id …
--
-- Answers a list with, for each job: 'replayed'; 'live' (the account has another job in the queue, the dead letter
-- stays); 'in_queue' (it is no dead letter, it waits or a worker has it in hand); or 'not_found'.
--
-- One script, so that a job is a dead letter or in the queue at any moment, and a second replay enqueues nothing. The
-- new job has a new id, so that a worker that lost the old one long ago cannot settle it. Cost: about twenty commands
-- a job.
local ENDED = { 'settled', 'code', 'why', 'failedReason', 'finishedOn', 'processedOn', 'stacktrace', 'returnvalue',
  'progress', 'atm', 'ats', 'stc', 'pb', 'defa' }
local FIRST_OF_PRIORITY = 0x100000000
local meta = redis.call('HMGET', QUEUE .. 'meta', 'paused', 'opts.maxLenEvents')

local function tell(...)
  redis.call('XADD', QUEUE .. 'events', 'MAXLEN', '~', meta[2] or 10000, '*', 'event', ...)
end

local function putInLine(jobId, priority)
  if priority > 0 then
    local number = redis.call('INCR', QUEUE .. 'pc') % FIRST_OF_PRIORITY
    redis.call('ZADD', QUEUE .. 'prioritized', text(priority * FIRST_OF_PRIORITY + number), jobId)
  else
    redis.call('LPUSH', QUEUE .. 'wait', jobId)
  end
  if not meta[1] then redis.call('ZADD', QUEUE .. 'marker', 0, '0') end
end

-- Counts one dead letter less, so that its account is pending again.
local function takeBack(jobKey, code, request)
  if redis.call('HINCRBY', DEAD_CODES, code, -1) <= 0 then redis.call('HDEL', DEAD_CODES, code) end
  if not request then return end
  local key = REQUESTS .. request
  if (tonumber(redis.call('HGET', key, 'dead_lettered')) or 0) > 0 then
    redis.call('HINCRBY', key, 'dead_lettered', -1)
    redis.call('PERSIST', key)
  else
    -- The request's figures have expired; without the mark the job begins them anew.
    redis.call('HDEL', jobKey, 'counted')
  end
end

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

  local request = decoded(job[3]).request
  local priority = tonumber(decoded(job[4]).priority) or 0
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
  redis.call('XADD', KEYS[8], 'MAXLEN', 1000, '*', 'action', 'replay', 'jobs', replayed, 'chosen', ARGV[1])
end
return results
