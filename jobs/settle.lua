-- Settles jobs: the first settle of a job wins and writes the receipt, the request's figures and the counters; a second
-- one, after a crash or from a worker that lost its lock, changes nothing. Joined behind ledger.lua.
--
-- KEYS[8]  list of the last outcomes, newest first
-- KEYS[9]  exists while an operator has said that many accounts are gone and that this is right
-- ARGV[1]  days that a request's figures live on when it is done
-- ARGV[…]  for each job nine: its id; why, in words, for a dead letter; content of the receipt, see contentFrom
--
-- Answers a list with, for each job: { 'settled' }; { 'suspicious' } (settled, and so many accounts in a row do not exist
-- that we may be asking the wrong app); { 'already', outcome, code, why } (settled before: a worker crashed between
-- settling and completing); or { 'gone' } (the job is no longer in Redis, so somebody else has completed it).
--
-- One script, so that no crash can come between mark, receipt and counts of a job. Where it fails, the jobs before the
-- one that failed are settled and the others untouched; asking for all of them again is safe. The mark is a field of the
-- job's own hash: it goes when the job goes and needs no clean-up. Cost: about ten commands a job.
local PER_JOB = 9
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
  if not job[2] and not job[3] then return { 'gone' } end
  endJob(jobKey, content, days)
  if content.outcome == 'dead_lettered' then redis.call('HSET', jobKey, 'why', why) end
  return { isSuspicious(content.outcome) and 'suspicious' or 'settled' }
end

local answers = {}
for i = 2, #ARGV, PER_JOB do answers[#answers + 1] = settle(QUEUE .. ARGV[i], ARGV[i + 1], contentFrom(i + 2)) end
return answers
