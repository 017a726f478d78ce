-- Settles a job: the first settle wins and writes the receipt, the request's figures and the counters. A second one,
-- after a crash or by a worker that lost its lock, changes nothing and answers the first one's outcome. Joined behind
-- ledger.lua.
--
-- KEYS[10] list of the last outcomes, newest first
-- KEYS[11] exists for a day after an operator confirmed that many accounts do not exist
-- ARGV[1]  id of the job
-- ARGV[2]  days that a request's figures are kept after its last job has ended
-- ARGV[3]  why, in words, for a dead letter
-- ARGV[4]  share of the last accounts above which too many do not exist; 1: never too many
-- ARGV[5]  the job's field `wish` on which the content is built; empty if the job had none
-- ARGV[6]  mark of an earlier settle that the caller does not believe, `<outcome> <proof>`; empty where there is none
-- ARGV[7…] content of the receipt, see contentFrom in ledger.lua
--
-- Answers { 'grown', wish } (a duplicate has strengthened the job since, and nothing was written);
-- { 'settled', id of the receipt }; { 'suspicious', id } (settled, but too many of the last accounts do not exist: the
-- worker may be asking the wrong app); { 'already', outcome, code, why, proof, id } (settled before); 'gone' (the job is
-- no longer in Redis); or 'foreign' (the fleet has another id or key than the receipt was sealed for).
--
-- One script, so that no crash can come between mark, receipt and counts. The mark is a field of the job's own hash and
-- is deleted with it, so it needs no clean-up. Costs about ten commands.
local jobId, days, why, share, knownWish, distrusted = unpack(ARGV, 1, 6)
local LOOKED_AT = 50
local SHARE = tonumber(share)
-- In a new fleet ten accounts are enough, if none of them exists.
local AT_FIRST = 10

-- Whether too many of the last accounts do not exist.
local function isSuspicious(outcome)
  -- Trim the list only when it is twice as long as needed: a trim costs as much as a push.
  if redis.call('LPUSH', KEYS[10], outcome) >= 2 * LOOKED_AT then redis.call('LTRIM', KEYS[10], 0, LOOKED_AT - 1) end
  if outcome ~= 'not_imported' or SHARE >= 1 or redis.call('EXISTS', KEYS[11]) == 1 then return false end
  local last = redis.call('LRANGE', KEYS[10], 0, LOOKED_AT - 1)
  local missing = 0
  for _, was in ipairs(last) do
    if was == 'not_imported' then missing = missing + 1 end
  end
  return #last == LOOKED_AT and missing > LOOKED_AT * SHARE or #last >= AT_FIRST and missing == #last
end

local jobKey, content = QUEUE .. jobId, contentFrom(7)
if isForeign(LOG_KEYS, content.entry) then return 'foreign' end
-- The hash of a job holds a name, or at least `processedOn`. So this one command replaces EXISTS and HGET.
local job = redis.call('HMGET', jobKey, 'settled', 'name', 'processedOn', 'wish')
if job[1] then
  local was = redis.call('HMGET', jobKey, 'code', 'why', 'proof', 'receipt')
  local mark = job[1] .. ' ' .. (was[3] or '')
  if mark ~= distrusted then return { 'already', job[1], was[1] or '', was[2] or '', was[3] or '', was[4] or '' } end
end
if not job[2] and not job[3] then return 'gone' end
if (job[4] or '') ~= knownWish then return { 'grown', job[4] or '' } end
local id = recordOutcome(jobKey, content, tonumber(days))
if content.outcome == 'dead_lettered' then redis.call('HSET', jobKey, 'why', why) end
return { isSuspicious(content.outcome) and 'suspicious' or 'settled', id }
