-- Shared by the scripts that end a job or begin one anew; joined in front of them. One script changes receipts, a
-- request's figures and counters together, so that no crash can come in between.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  hash of outcomes
-- KEYS[3]  stream of receipts
-- KEYS[4]  hash with the end of the receipts' chain: seq, at (epoch ms), chain
-- KEYS[5]  hash of dead letters kept now, by code
-- KEYS[6]  start of the keys of requests' hashes; the request id follows it
-- KEYS[7]  hash of jobs in batches that are under way, see begin-batch.lua
--
-- A request's hash: accepted, cleared, verified (of the cleared), not_imported, dead_lettered, cancelled; firstAt,
-- lastAt in epoch ms. Readers compute pending as accepted less the outcomes, so the sum always holds. The hash does not
-- expire while a job is pending; then it lives as long as receipts do.
local QUEUE, OUTCOMES, RECEIPTS, CHAIN, DEAD_CODES, REQUESTS, BATCHES = unpack(KEYS, 1, 7)

-- This command changes nothing. When its memory is full, Redis refuses a script whose first write may take memory, but
-- lets a script go on that has written before. A settled job gives back more memory than its receipt takes; if Redis
-- refused the settle, workers would clear the account again.
redis.call('PERSIST', CHAIN)

-- Times in ms have more digits than Lua prints by itself.
local function text(number) return string.format('%.0f', number) end

local function nowMs()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The end of the chain: number, time and link of the last receipt. Read once: Redis runs no other script meanwhile.
local chainEnd

-- Appends a receipt. Its number follows the last one, its time is that of this server, and its link covers all before
-- it: a receipt that is removed, inserted or moved later breaks the chain. The caller made content and seal.
local function writeReceipt(content)
  chainEnd = chainEnd or redis.call('HMGET', CHAIN, 'seq', 'at', 'chain')
  local seq, at = (tonumber(chainEnd[1]) or 0) + 1, text(nowMs())
  local function add()
    return redis.pcall('XADD', RECEIPTS, text(seq) .. '-' .. at, 'content', content.text, 'seal', content.seal)
  end
  local added = add()
  if type(added) == 'table' and added.err then
    -- The chain's hash was lost or set back, but the stream was not. No job may wait for a repair; a check of the
    -- receipts finds the break.
    local newest = redis.call('XREVRANGE', RECEIPTS, '+', '-', 'COUNT', 1)[1]
    seq = (newest and tonumber(string.match(newest[1], '^%d+')) or 0) + 1
    added = add()
    if type(added) == 'table' and added.err then return added.err end
  end
  local link = redis.sha1hex((chainEnd[3] or '') .. '|' .. text(seq) .. '|' .. at .. '|' .. content.seal)
  chainEnd = { text(seq), at, link }
  redis.call('HSET', CHAIN, 'seq', chainEnd[1], 'at', at, 'chain', link)
end

-- Decodes a JSON object or array; anything else gives an empty table.
local function decoded(json)
  local parsed, value = pcall(cjson.decode, json or '')
  return parsed and type(value) == 'table' and value or {}
end

-- Answers the requests that duplicates have added to a job, as a set; see wish.ts. They were counted when they were
-- added.
local function addedRequests(jobKey)
  local added = {}
  for i, request in ipairs(decoded(redis.call('HGET', jobKey, 'wish'))) do
    if i > 1 then added[request] = true end
  end
  return added
end

-- Counts a job as accepted by a request. `enqueuedAt` in epoch ms.
local function countJob(key, enqueuedAt)
  redis.call('HINCRBY', key, 'accepted', 1)
  local first = tonumber(redis.call('HGET', key, 'firstAt'))
  if not first or tonumber(enqueuedAt) < first then redis.call('HSET', key, 'firstAt', enqueuedAt) end
  redis.call('PERSIST', key)
end

-- Does so once in the job's life: the job's own hash holds the mark. A request that a duplicate has added, `isAdded`,
-- was counted then and needs no mark.
local function countAccepted(jobKey, request, enqueuedAt, isAdded)
  local key = REQUESTS .. request
  -- Comes before the mark is set, because it fails where the key holds another type.
  local hasFigures = redis.call('HEXISTS', key, 'accepted') == 1
  -- If the request's hash has expired or was lost, count `accepted` again; else outcomes would exceed accepted.
  if (isAdded or redis.call('HSETNX', jobKey, 'counted', 1) == 0) and hasFigures then return end
  countJob(key, enqueuedAt)
end

-- Lets a request's figures expire when none of its jobs is pending any more.
local function expireWhenDone(key, days)
  local figures = redis.call('HMGET', key, 'accepted', 'cleared', 'not_imported', 'dead_lettered', 'cancelled')
  local pending = tonumber(figures[1]) or 0
  for i = 2, 5 do pending = pending - (tonumber(figures[i]) or 0) end
  if pending <= 0 then redis.call('EXPIRE', key, days * 86400) end
end

-- Counts an outcome of a request.
local function countOutcome(key, content, days)
  redis.call('HINCRBY', key, content.outcome, 1)
  if content.verified == 'yes' then redis.call('HINCRBY', key, 'verified', 1) end
  redis.call('HSET', key, 'lastAt', text(nowMs()))
  expireWhenDone(key, days)
end

-- Ends a job whose hash exists and has no `settled` yet. `days`: how long a request's figures are kept then.
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
  local failed = writeReceipt(content)
  if failed then error(failed) end
  redis.call('HSET', jobKey, 'settled', content.outcome)
  redis.call('HINCRBY', OUTCOMES, content.outcome, 1)
  if isOfBatch then redis.call('HSET', BATCHES, jobId, 'ended') end
  if content.outcome == 'dead_lettered' then
    redis.call('HSET', jobKey, 'code', content.code)
    redis.call('HINCRBY', DEAD_CODES, content.code, 1)
  end
  for _, request in ipairs(content.requests) do countOutcome(REQUESTS .. request, content, days) end
end

-- Reads the content of a receipt from ARGV: seven values from `first` on, see receipt-content.ts.
local function contentFrom(first)
  return {
    requests = decoded(ARGV[first]), outcome = ARGV[first + 1], verified = ARGV[first + 2], code = ARGV[first + 3],
    enqueuedAt = ARGV[first + 4], text = ARGV[first + 5], seal = ARGV[first + 6],
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
