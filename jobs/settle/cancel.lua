-- Withdraws a job for which no worker has sent a call, or a dead letter: it is either withdrawn or taken by a worker or a
-- replay, never both. Or withdraws one of several requests from it, and the job stays. Joined behind ledger.lua. Depends
-- on the key layout of BullMQ 6; tests compare it with BullMQ.
--
-- ARGV[1]  job id
-- ARGV[2]  days that a request's figures are kept after its last job has ended
-- ARGV[3]  data of the job, as the caller has read them
-- ARGV[4]  field `wish` of the job, as the caller has read it; empty where it has none
-- ARGV[5]  data without the request, where the job stays; else empty
-- ARGV[6]  field `wish` without the request
-- ARGV[7…] content of the receipt, see contentFrom; it names the withdrawn requests
--
-- Answers 'cancelled'; 'dead_letter' (a dead letter was withdrawn); 'in_flight' (a worker has it in hand); 'sent' (it
-- waits for another attempt, and a worker sent requests, or was lost and may have sent some); 'not_found' (it has
-- ended); 'changed' (it is not as the caller has read it); or 'foreign' (see settle.lua). A withdrawal comes with the id
-- of its receipt behind it: { 'cancelled', id }.
--
-- No worker has a job in hand that is waiting, prioritized or delayed, and none can take it while the script runs.
-- Cost: about twenty-five commands.
local jobId, jobKey, days, keptData, keptWish = ARGV[1], QUEUE .. ARGV[1], tonumber(ARGV[2]), ARGV[5], ARGV[6]
local content = contentFrom(7)
if isForeign(LOG_KEYS, content.entry) then return 'foreign' end
local job = redis.call('HMGET', jobKey, 'settled', 'atm', 'stc', 'progress', 'data', 'wish', 'code', 'deid')
if not job[5] then return 'not_found' end
if job[5] ~= ARGV[3] or (job[6] or '') ~= ARGV[4] then return 'changed' end

-- Whether a worker may have sent calls. A worker that hands a job back uses no attempt and stores its count of calls.
-- After a crash or a failed attempt Redis does not know whether calls were sent.
local function mayBeSent()
  local calls = tonumber(decoded(job[4]).calls) or 0
  return calls > 0 or (tonumber(job[2]) or 0) > 0 or (tonumber(job[3]) or 0) > 0
end

local isDead = redis.call('ZSCORE', QUEUE .. 'failed', jobId)
if not isDead then
  if job[1] then return 'not_found' end
  local inLine = redis.call('ZSCORE', QUEUE .. 'prioritized', jobId)
    or redis.call('ZSCORE', QUEUE .. 'delayed', jobId) or redis.call('LPOS', QUEUE .. 'wait', jobId)
  if not inLine then return 'in_flight' end
  if mayBeSent() then return 'sent' end
end

local wasCounted = job[1] == 'dead_lettered'

-- Takes the withdrawn request out of the job, and writes its receipt and figures.
local function withdrawRequest()
  local request = content.requests[1]
  countAccepted(jobKey, request, content.enqueuedAt, addedRequests(jobKey)[request])
  if wasCounted then redis.call('HINCRBY', REQUESTS .. request, 'dead_lettered', -1) end
  local id, failed = writeEntry(LOG_KEYS, content.entry)
  if failed then error(failed) end
  redis.call('HINCRBY', OUTCOMES, content.outcome, 1)
  countOutcome(REQUESTS .. request, content, days)
  -- The request that takes its place in the data was counted when a duplicate added it.
  redis.call('HSET', jobKey, 'data', keptData, 'wish', keptWish, 'counted', 1)
  return id
end

local function withdrawJob()
  local own = decoded(job[5]).request
  if wasCounted then takeBack(jobKey, job[7] or '', own == content.requests[1] and own) end
  local id = recordOutcome(jobKey, content, days)
  local before = 'wait'
  if redis.call('ZREM', QUEUE .. 'failed', jobId) == 1 then before = 'failed'
  elseif redis.call('ZREM', QUEUE .. 'prioritized', jobId) == 1 then before = 'prioritized'
  elseif redis.call('ZREM', QUEUE .. 'delayed', jobId) == 1 then before = 'delayed'
  else redis.call('LREM', QUEUE .. 'wait', 1, jobId) end
  local deduplicationKey = job[8] and QUEUE .. 'de:' .. job[8]
  if deduplicationKey and redis.call('GET', deduplicationKey) == jobId then redis.call('DEL', deduplicationKey) end
  redis.call('DEL', jobKey, jobKey .. ':logs')
  local events = redis.call('HGET', QUEUE .. 'meta', 'opts.maxLenEvents') or 10000
  redis.call('XADD', QUEUE .. 'events', 'MAXLEN', '~', events, '*', 'event', 'removed', 'jobId', jobId, 'prev', before)
  return id
end

local id = keptData == '' and withdrawJob() or withdrawRequest()
return { isDead and 'dead_letter' or 'cancelled', id }
