-- Settles jobs and lets BullMQ complete them: the first settle of a job wins and writes the receipt, the request's figures
-- and the counters; a second one, after a crash or from a worker that lost its lock, changes nothing. Joined behind
-- BullMQ's own script (see completion.ts) and ledger.lua.
--
-- KEYS[8]      list of the last outcomes, newest first
-- KEYS[9]      exists while an operator has said that many accounts are gone and that this is right
-- KEYS[10-20]  BullMQ's keys of the queue
-- ARGV[1]      days that a request's figures live on when it is done
-- ARGV[…]      for each job 18: its id; why, in words, for a dead letter; content of the receipt, see contentFrom; nine for
--              BullMQ, see completion.ts, empty where the job is not to be completed
--
-- Answers two lists. What became of the settle of each job: 'settled'; 'suspicious' (settled, and so many accounts in a row
-- do not exist that we may be asking the wrong app); { 'already', outcome, code, why } (settled before, by a worker that
-- could not complete it); 'gone' (the job is no longer in Redis, so somebody else has completed it); or { 'failed', why }
-- (an error of Redis). Then what BullMQ answers for each, where this call has settled the job, and otherwise nothing.
--
-- One script, so that no crash can come between mark, receipt, counts and completion of a job. Where a job fails the
-- others go on; it may be settled and is then not completed, so that asking again is safe. The mark is a field of the
-- job's own hash: it goes when the job goes and needs no clean-up. Cost: about ten commands a job, and twenty of BullMQ's.
local PER_JOB = 18
local FOR_BULLMQ, TARGET = 9, 14
local LOOKED_AT = 50
local SHARE = 0.2
-- The first jobs of a wrong app are told by fewer: all of them.
local AT_FIRST = 10
local days = tonumber(ARGV[1])

-- Whether too many of the last accounts do not exist.
local function isSuspicious(outcome)
  -- Cut now and then only, since that costs as much as the push.
  if redis.call('LPUSH', KEYS[8], outcome) >= 2 * LOOKED_AT then redis.call('LTRIM', KEYS[8], 0, LOOKED_AT - 1) end
  if outcome ~= 'not_imported' or redis.call('EXISTS', KEYS[9]) == 1 then return false end
  local last = redis.call('LRANGE', KEYS[8], 0, LOOKED_AT - 1)
  local missing = 0
  for _, was in ipairs(last) do
    if was == 'not_imported' then missing = missing + 1 end
  end
  return #last == LOOKED_AT and missing > LOOKED_AT * SHARE or #last >= AT_FIRST and missing == #last
end

local function settle(jobKey, why, content)
  -- A job was put in with a name, or was at least taken. One command tells what EXISTS and HGET would.
  local job = redis.call('HMGET', jobKey, 'settled', 'name', 'processedOn')
  if job[1] then
    local was = redis.call('HMGET', jobKey, 'code', 'why')
    return { 'already', job[1], was[1] or '', was[2] or '' }
  end
  if not job[2] and not job[3] then return 'gone' end
  endJob(jobKey, content, days)
  if content.outcome == 'dead_lettered' then redis.call('HSET', jobKey, 'why', why) end
  return isSuspicious(content.outcome) and 'suspicious' or 'settled'
end

-- As BullMQ itself would have called its script.
local function complete(jobId, first)
  local own = { unpack(ARGV, first, first + PER_JOB - FOR_BULLMQ - 1) }
  local keys = { unpack(KEYS, 10, 19) }
  keys[11], keys[12], keys[13], keys[14] = own[1], QUEUE .. jobId, own[2], KEYS[20]
  return completeJob(keys, { jobId, own[3], own[4], own[5], own[6], own[7], QUEUE, own[8], own[9] })
end

local function endOne(first)
  local jobId = ARGV[first]
  local settled = settle(QUEUE .. jobId, ARGV[first + 1], contentFrom(first + 2))
  -- What stands from before may end the job in another way; whoever asked sees to that.
  local mayComplete = settled == 'settled' or settled == 'suspicious'
  return settled, mayComplete and ARGV[first + TARGET] ~= '' and complete(jobId, first + FOR_BULLMQ)
end

local settles, completions = {}, {}
for first = 2, #ARGV, PER_JOB do
  local ok, settled, completed = pcall(endOne, first)
  if not ok then settled = { 'failed', type(settled) == 'table' and settled.err or tostring(settled) } end
  settles[#settles + 1], completions[#completions + 1] = settled, completed or false
end
return { settles, completions }
