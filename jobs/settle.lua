-- Settles a job: the first settle of a job wins and writes the receipt, the request's figures and the counters; a second
-- one, after a crash or from a worker that lost its lock, changes nothing. Joined behind ledger.lua.
--
-- KEYS[8]  list of the last outcomes, newest first
-- KEYS[9]  exists while an operator has said that many accounts are gone and that this is right
-- ARGV[1]  job id
-- ARGV[2]  days that a request's figures live on when it is done
-- ARGV[3]  why, in words, for a dead letter
-- ARGV[4]… content of the receipt, see contentFrom
--
-- Answers { 'settled' }; { 'suspicious' } (settled, and so many accounts in a row do not exist that we may be asking the
-- wrong app); { 'already', outcome, code, why } (settled before: a worker crashed between settling and completing);
-- or { 'gone' } (the job is no longer in Redis, so somebody else has completed it).
--
-- One script, so that no crash can come between mark, receipt and counts. The mark is a field of the job's own hash: it
-- goes when the job goes and needs no clean-up. Cost: about twelve commands.
local LOOKED_AT = 50
local SHARE = 0.2
-- The first jobs of a wrong app are told by fewer: all of them.
local AT_FIRST = 10

local jobKey = QUEUE .. ARGV[1]
if redis.call('EXISTS', jobKey) == 0 then return { 'gone' } end
local content = contentFrom(4)
local receipt, stands = endJob(jobKey, content, tonumber(ARGV[2]))
if not receipt then
  local was = redis.call('HMGET', jobKey, 'code', 'why')
  return { 'already', stands, was[1] or '', was[2] or '' }
end
if content.outcome == 'dead_lettered' then redis.call('HSET', jobKey, 'why', ARGV[3]) end

redis.call('LPUSH', KEYS[8], content.outcome)
redis.call('LTRIM', KEYS[8], 0, LOOKED_AT - 1)
if content.outcome ~= 'not_imported' or redis.call('EXISTS', KEYS[9]) == 1 then return { 'settled' } end

local last = redis.call('LRANGE', KEYS[8], 0, -1)
local missing = 0
for _, outcome in ipairs(last) do
  if outcome == 'not_imported' then missing = missing + 1 end
end
local tooMany = #last == LOOKED_AT and missing > LOOKED_AT * SHARE
if tooMany or (#last >= AT_FIRST and missing == #last) then return { 'suspicious' } end
return { 'settled' }
