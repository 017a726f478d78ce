-- Shared by the scripts that end a job or begin one anew; joined behind counts.lua and log.lua and in front of them. One
-- script changes receipts, a request's figures and counters together, so that no crash can come in between.
--
-- KEYS[4]  hash of outcomes, and of the cleared ones the unproved
-- KEYS[5]  stream of receipts
-- KEYS[6]  hash of the log of receipts
-- KEYS[7]  hash of dead letters kept now, by code
-- KEYS[8]  state of the fleet (hash)
-- KEYS[9]  id of the fleet
local OUTCOMES, DEAD_CODES = KEYS[4], KEYS[7]
local LOG_KEYS = { receipts = KEYS[5], log = KEYS[6], fleet = KEYS[8], fleetId = KEYS[9] }

-- This command changes nothing. When its memory is full, Redis refuses a script whose first write may take memory, but
-- lets a script go on that has written before. A settled job gives back more memory than its receipt takes; if Redis
-- refused the settle, workers would clear the account again.
redis.call('PERSIST', LOG_KEYS.log)

-- Lets a request's figures expire when none of its jobs is pending any more.
local function expireWhenDone(key, days)
  local figures = redis.call('HMGET', key, 'accepted', 'cleared', 'not_imported', 'dead_lettered', 'cancelled')
  local pending = tonumber(figures[1]) or 0
  for i = 2, 5 do pending = pending - (tonumber(figures[i]) or 0) end
  if pending <= 0 then redis.call('EXPIRE', key, days * 86400) end
end

-- Whether a delete was confirmed and its proof was wanted, but the list could not be read.
local function isUnproved(content) return content.outcome == 'cleared' and content.verified == 'no' end

-- Counts an outcome of a request.
local function countOutcome(key, content, days)
  redis.call('HINCRBY', key, content.outcome, 1)
  if content.verified == 'yes' then redis.call('HINCRBY', key, 'verified', 1) end
  if isUnproved(content) then redis.call('HINCRBY', key, 'unproved', 1) end
  redis.call('HSET', key, 'lastAt', text(nowMs()))
  expireWhenDone(key, days)
end

-- Ends a job whose hash exists and has no `settled` yet, and answers the id of its receipt. `days`: how long a request's
-- figures are kept then.
local function recordOutcome(jobKey, content, days)
  -- Steps that may fail come first, so that they fail before anything is written: each of these keys may hold something
  -- else than a hash.
  redis.call('HEXISTS', OUTCOMES, content.outcome)
  redis.call('HEXISTS', DEAD_CODES, content.code)
  -- A producer that was killed may send this job again when its hash is gone. This mark then shows that it has ended.
  local jobId = string.sub(jobKey, #QUEUE + 1)
  local isOfBatch = redis.call('HEXISTS', BATCHES, jobId) == 1
  local added = content.requests[1] and addedRequests(jobKey)
  for _, request in ipairs(content.requests) do
    countAccepted(jobKey, request, content.enqueuedAt, added[request])
  end
  local id, failed = writeEntry(LOG_KEYS, content.entry)
  if failed then error(failed) end
  redis.call('HSET', jobKey, 'settled', content.outcome, 'proof', content.entry.proof, 'receipt', id)
  redis.call('HINCRBY', OUTCOMES, content.outcome, 1)
  if isUnproved(content) then redis.call('HINCRBY', OUTCOMES, 'unproved', 1) end
  if isOfBatch then redis.call('HSET', BATCHES, jobId, 'ended') end
  if content.outcome == 'dead_lettered' then
    redis.call('HSET', jobKey, 'code', content.code)
    redis.call('HINCRBY', DEAD_CODES, content.code, 1)
  end
  for _, request in ipairs(content.requests) do countOutcome(REQUESTS .. request, content, days) end
  return id
end

-- Reads the content of a receipt from ARGV: eleven values from `first` on, see sealed-receipt.ts.
local function contentFrom(first)
  return {
    requests = decoded(ARGV[first]), outcome = ARGV[first + 1], verified = ARGV[first + 2], code = ARGV[first + 3],
    enqueuedAt = ARGV[first + 4], entry = entryFrom(first + 5),
  }
end

-- Counts one dead letter less, so that its account is pending again for its requests: the one in its data, if any, and
-- those that duplicates have added.
local function takeBack(jobKey, code, ownRequest)
  if redis.call('HINCRBY', DEAD_CODES, code, -1) <= 0 then redis.call('HDEL', DEAD_CODES, code) end
  local function takeBackFrom(key)
    local isCounted = (tonumber(redis.call('HGET', key, 'dead_lettered')) or 0) > 0
    if isCounted then redis.call('HINCRBY', key, 'dead_lettered', -1) end
    if isCounted then redis.call('PERSIST', key) end
    return isCounted
  end
  -- Where a request's figures have expired, the job begins them anew: at its settle without the mark, or now.
  if ownRequest and not takeBackFrom(REQUESTS .. ownRequest) then redis.call('HDEL', jobKey, 'counted') end
  for request in pairs(addedRequests(jobKey)) do
    if request ~= '' and not takeBackFrom(REQUESTS .. request) then countJob(REQUESTS .. request, text(nowMs())) end
  end
end
