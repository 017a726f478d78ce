-- Reads what `status` and the gauges need of the queue in one round trip. Joined behind allowed-rate.lua.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  hash of outcomes
-- KEYS[3]  start of the keys that count calls sent: `<KEYS[3]>:<epoch second>`, a hash of 10 ms bins
-- KEYS[4]  state of the fleet (hash)
-- ARGV[1]  how many due-date steps to look at
-- ARGV[2]  epoch second at which the steps begin
-- ARGV[3]  seconds of a step
-- ARGV[4]  the vendor's ceiling in calls per second
-- ARGV[5]  margin kept off it, as a share
-- ARGV[6]  the command that clears
--
-- Answers { now in ms, wait, prioritized, active, delayed, failed, oldest enqueue time in ms or 0, paused 0/1,
--           jobs that will miss their due date, calls sent in the last second, calls sent in the last ten seconds,
--           calls per second allowed now as text,
--           outcomes as name, count, name, count … }.
--
-- Costs O(steps x log jobs): of each due-date step only the first job is looked at, which is its oldest, and the number
-- of its jobs is counted from the index. Delayed and active jobs are looked at from their old end. At most 4,400 steps
-- (thirty days), about 10 ms.
local queue = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) + time[2] / 1000000
local allowed = allowedRate(KEYS[4], ARGV[6], tonumber(ARGV[4]), now * 1000000)
local jobsPerSecond = allowed * (1 - ARGV[5])
local oldest = 0

local function look(jobId)
  if not jobId then return end
  local enqueuedAt = tonumber(redis.call('HGET', queue .. jobId, 'timestamp'))
  if enqueuedAt and (oldest == 0 or enqueuedAt < oldest) then oldest = enqueuedAt end
end

local STEP = 0x100000000 -- BullMQ's score of a job is its priority x 2^32 + a counter
local RETRIED = 1 -- the priority of retried jobs, whose due date is not in their score
local from, ahead, atRisk = '-inf', 0, 0
for _ = 1, tonumber(ARGV[1]) do
  local first = redis.call('ZRANGEBYSCORE', queue .. 'prioritized', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if not first[1] then break end
  look(first[1])
  local priority = math.floor(tonumber(first[2]) / STEP)
  local to = string.format('%.0f', (priority + 1) * STEP)
  local jobs = redis.call('ZCOUNT', queue .. 'prioritized', from, '(' .. to)
  if priority > RETRIED then
    -- Of this step and those before it, so many can be done before the step's first due date.
    local inTime = (ARGV[2] + priority * ARGV[3] - now) * jobsPerSecond - ahead
    atRisk = atRisk + math.max(0, jobs - math.max(0, math.floor(inTime)))
  end
  ahead = ahead + jobs
  from = to
end
look(redis.call('LINDEX', queue .. 'wait', -1))
look(redis.call('LINDEX', queue .. 'active', -1))
look(redis.call('ZRANGE', queue .. 'delayed', 0, 0)[1])

-- The last tenths are still on their way here from the workers.
local sentUntil = math.floor(now * 100) - 20
local lastSecond, lastTen = 0, 0
for second = math.floor(sentUntil / 100) - 10, math.floor(sentUntil / 100) do
  local bins = redis.call('HGETALL', KEYS[3] .. ':' .. second)
  for i = 1, #bins, 2 do
    local bin = second * 100 + bins[i]
    if bin < sentUntil and bin >= sentUntil - 1000 then lastTen = lastTen + bins[i + 1] end
    if bin < sentUntil and bin >= sentUntil - 100 then lastSecond = lastSecond + bins[i + 1] end
  end
end

return {
  math.floor(now * 1000),
  redis.call('LLEN', queue .. 'wait'),
  redis.call('ZCARD', queue .. 'prioritized'),
  redis.call('LLEN', queue .. 'active'),
  redis.call('ZCARD', queue .. 'delayed'),
  redis.call('ZCARD', queue .. 'failed'),
  oldest,
  redis.call('HEXISTS', queue .. 'meta', 'paused'),
  atRisk,
  lastSecond,
  lastTen,
  string.format('%.3f', allowed),
  redis.call('HGETALL', KEYS[2]),
}
