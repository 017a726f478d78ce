-- Shared by the scripts that count jobs; joined behind time.lua and in front of them. A producer may run these functions without a right to
-- receipts or outcomes.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  start of the keys of requests' hashes; the request id follows it
-- KEYS[3]  hash of jobs in batches that are under way, see begin-batch.lua
--
-- A request's hash: accepted, cleared, verified and unproved (of the cleared), not_imported, dead_lettered, cancelled; firstAt,
-- lastAt in epoch ms. Readers compute pending as accepted less the outcomes, so the sum always holds. The hash does not
-- expire while a job is pending; then it lives as long as receipts do.
local QUEUE, REQUESTS, BATCHES = unpack(KEYS, 1, 3)

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
