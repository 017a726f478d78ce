-- Withdraws a job for which no worker has sent a call: it is either withdrawn or taken by a worker, never both. Joined
-- behind ledger.lua. Depends on the key layout of BullMQ 6; tests compare it with BullMQ.
--
-- ARGV[1]  job id
-- ARGV[2]  deduplication id, which is the account
-- ARGV[3]  days that a request's figures are kept after its last job has ended
-- ARGV[4]… content of the receipt, see contentFrom
--
-- Answers 'cancelled'; 'in_flight' (a worker has it in hand); 'sent' (it waits for another attempt, and a worker sent
-- requests, or was lost and may have sent some); 'not_found' (it has ended); or 'changed' (the account now has another
-- job than the caller has read).
--
-- No worker has a job in hand that is waiting, prioritized or delayed, and none can take it while the script runs.
-- Cost: about twenty commands.
local jobId, jobKey = ARGV[1], QUEUE .. ARGV[1]
local deduplicationKey = QUEUE .. 'de:' .. ARGV[2]
if redis.call('GET', deduplicationKey) ~= jobId then return 'changed' end
local job = redis.call('HMGET', jobKey, 'settled', 'atm', 'stc', 'progress', 'data')
if job[1] or not job[5] then return 'not_found' end

local inLine = redis.call('ZSCORE', QUEUE .. 'prioritized', jobId) or redis.call('ZSCORE', QUEUE .. 'delayed', jobId)
  or redis.call('LPOS', QUEUE .. 'wait', jobId)
if not inLine then return 'in_flight' end
-- A worker that hands a job back uses no attempt and stores its count of calls. After a crash or a failed attempt
-- Redis does not know whether calls were sent.
local parsed, progress = pcall(cjson.decode, job[4] or '{}')
local calls = parsed and type(progress) == 'table' and tonumber(progress.calls) or 0
if calls > 0 or (tonumber(job[2]) or 0) > 0 or (tonumber(job[3]) or 0) > 0 then return 'sent' end

recordOutcome(jobKey, contentFrom(4), tonumber(ARGV[3]))
local before = 'wait'
if redis.call('ZREM', QUEUE .. 'prioritized', jobId) == 1 then before = 'prioritized'
elseif redis.call('ZREM', QUEUE .. 'delayed', jobId) == 1 then before = 'delayed'
else redis.call('LREM', QUEUE .. 'wait', 1, jobId) end
redis.call('DEL', deduplicationKey, jobKey, jobKey .. ':logs')
local events = redis.call('HGET', QUEUE .. 'meta', 'opts.maxLenEvents') or 10000
redis.call('XADD', QUEUE .. 'events', 'MAXLEN', '~', events, '*', 'event', 'removed', 'jobId', jobId, 'prev', before)
return 'cancelled'
