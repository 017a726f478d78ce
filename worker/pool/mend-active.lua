-- Mends jobs at which BullMQ's fetch breaks off: it has moved them to the active list and cannot count the start, so no
-- worker gets them. Depends on the key layout of BullMQ 6; tests compare it with BullMQ.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
--
-- Answers the number of mended jobs. Each goes back to the front of the queue with the counters that can be used; an id
-- whose key holds no hash is dropped, since it is no job.
--
-- One script, so that no job is in two lists. No worker has such a job in hand: whoever fetches it gets the error.
-- Cost: two commands for each job in hand of the fleet.
local QUEUE = KEYS[1]
local mended = 0

local function isCount(value) return not value or #value <= 15 and string.match(value, '^%d+$') end

for _, jobId in ipairs(redis.call('LRANGE', QUEUE .. 'active', 0, -1)) do
  local jobKey = QUEUE .. jobId
  local kind = redis.call('TYPE', jobKey).ok
  local isBroken = kind ~= 'hash' and kind ~= 'none'
  if kind == 'hash' then
    local counters = redis.call('HMGET', jobKey, 'ats', 'atm', 'stc')
    isBroken = not isCount(counters[1])
    for i, name in ipairs({ 'ats', 'atm', 'stc' }) do
      if not isCount(counters[i]) then redis.call('HDEL', jobKey, name) end
    end
  end
  if isBroken then
    redis.call('DEL', jobKey .. ':lock')
    redis.call('LREM', QUEUE .. 'active', 1, jobId)
    if kind == 'hash' then redis.call('RPUSH', QUEUE .. 'wait', jobId) end
    -- Wakes a worker: the fetch that broke off has used up the marker of the jobs behind this one.
    redis.call('ZADD', QUEUE .. 'marker', 0, '0')
    mended = mended + 1
  end
end
return mended
