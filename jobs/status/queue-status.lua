-- Reads the queue's figures for `status` and the gauges in one round trip. Joined behind allowed-rate.lua.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  hash of outcomes
-- KEYS[3]  start of the keys that count calls sent: `<KEYS[3]>:<epoch second>`, a hash of
--          `<10 ms bin>:<caller>`
-- KEYS[4]  state of the fleet (hash)
-- KEYS[5]  stream of receipts, one for each settled job; an entry's id is `<seq>-<epoch ms>`
-- ARGV, in this order:
--   steps    how many due-date steps to look at
--   begin    epoch second at which the steps begin
--   span     seconds of a step
--   ceiling  the vendor's, in calls per second
--   margin   share kept off the ceiling
--   command  the command that clears
--
-- Answers a JSON object; `QueueStatus` in queue-status.ts names its fields with their units.
--
-- Costs O(steps x log jobs): the script finds the first job of each due-date step in the index, and counts the jobs of
-- a step there until all later ones must be in time. It reads the oldest active job only. It looks at 4,400 steps
-- (thirty days) and 1,000 retried jobs at most; the due date of a retried job is in its data. A million jobs of one
-- wave take 1 ms, spread over each step of thirty days 25 ms; a thousand retried jobs take 5 ms more.
local steps, begin, span, ceiling, margin, command = unpack(ARGV, 1, 6)
local queue = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) + time[2] / 1000000
local allowed = allowedRate(KEYS[4], command, tonumber(ceiling), now * 1000000)
local oldest = 0

-- Answers the calls of the last second, and the seconds of calling among the last ten (nil when idle).
local function recentCalls()
  -- Workers have not reported the calls of the last 0.2 s yet.
  local sentUntil = math.floor(now * 100) - 20
  local lastSecond, firstBin = 0, nil
  for second = math.floor(sentUntil / 100) - 10, math.floor(sentUntil / 100) do
    local bins = redis.call('HGETALL', KEYS[3] .. ':' .. second)
    for i = 1, #bins, 2 do
      local bin = second * 100 + string.match(bins[i], '^%d+')
      if bin < sentUntil and bin >= sentUntil - 1000 then firstBin = math.min(firstBin or bin, bin) end
      if bin < sentUntil and bin >= sentUntil - 100 then lastSecond = lastSecond + bins[i + 1] end
    end
  end
  return lastSecond, firstBin and math.min(10, math.max(1, now - firstBin / 100))
end

-- Answers the jobs settled in the last ten seconds. Receipts are numbered without gaps and in the order of time, so
-- halving finds the first one of a span.
local function settledLastTen()
  local since = (now - 10) * 1000
  local function at(id)
    local seq, ms = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(seq), tonumber(ms)
  end
  local newest = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  if not newest then return 0 end
  local last, lastMs = at(newest[1])
  if lastMs < since then return 0 end
  local function isRecent(seq)
    local _, ms = at(redis.call('XRANGE', KEYS[5], string.format('%.0f', seq), '+', 'COUNT', 1)[1][1])
    return ms >= since
  end
  local before, step = last, 1
  while before > 0 and isRecent(before) do
    before = math.max(0, last - step)
    step = step * 2
  end
  local first = last
  while first - before > 1 do
    local middle = math.floor((first + before) / 2)
    if isRecent(middle) then first = middle else before = middle end
  end
  return last - first + 1
end

local lastSecond, callingFor = recentCalls()
-- While no job is settled, the allowed rate is the best guess.
local settled = callingFor and settledLastTen() or 0
local jobsPerSecond = settled > 0 and settled / callingFor or allowed * (1 - margin)

-- Reads a field of a job; nil where there is none. Another program may have put something else than a hash there, and the
-- status must show all the others.
local function fieldOf(jobId, field)
  local value = redis.pcall('HGET', queue .. jobId, field)
  return type(value) == 'string' and value or nil
end

local function look(jobId)
  if not jobId then return end
  local enqueuedAt = tonumber(fieldOf(jobId, 'timestamp') or '')
  if enqueuedAt and (oldest == 0 or enqueuedAt < oldest) then oldest = enqueuedAt end
end

local STEP = 0x100000000 -- BullMQ's score of a job is its priority x 2^32 + a counter
local RETRIED = 1 -- the priority of retried jobs, whose due date is not in their score
local DELAYED = 0x1000 -- BullMQ's score of a delayed job is its time in ms x 2^12 + a counter
local READ_AT_MOST = 500

-- Answers how many retried jobs are done after their due date. `doneAt(index, score)` gives the epoch second at which a
-- job is done.
local function lateOnes(jobs, total, doneAt)
  local late, read = 0, #jobs / 2
  for i = 1, #jobs, 2 do
    local data = fieldOf(jobs[i], 'data')
    local due = data and tonumber(string.match(data, '"due":(%d+)'))
    if due and due < doneAt((i - 1) / 2, tonumber(jobs[i + 1])) then late = late + 1 end
  end
  -- Assume that the rest is like the jobs that were read.
  return read == 0 and 0 or math.floor(late * total / read)
end

local waiting, active = redis.call('LLEN', queue .. 'wait'), redis.call('LLEN', queue .. 'active')
local delayed = redis.call('ZCARD', queue .. 'delayed')
-- Jobs that come before those in line by due date: jobs without a priority, jobs in hand and jobs in backoff.
local ahead = waiting + active + delayed
local atRisk = lateOnes(
  redis.call('ZRANGE', queue .. 'delayed', 0, READ_AT_MOST - 1, 'WITHSCORES'), delayed,
  function(_, score) return math.max(now, score / DELAYED / 1000) end)

local total = ahead + redis.call('ZCARD', queue .. 'prioritized')
-- The first enqueued of the jobs that were never handed back: BullMQ counts up in the lower half of the score.
local firstCounter, firstOfAll
local from, allInTime = '-inf', false
for _ = 1, tonumber(steps) do
  local first = redis.call('ZRANGEBYSCORE', queue .. 'prioritized', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if not first[1] then break end
  local score = tonumber(first[2])
  local priority, counter = math.floor(score / STEP), score % STEP
  local to = string.format('%.0f', (priority + 1) * STEP)
  if priority == RETRIED or counter == 0 then look(first[1])
  elseif not firstCounter or counter < firstCounter then firstCounter, firstOfAll = counter, first[1] end

  local jobs = allInTime and 0 or redis.call('ZCOUNT', queue .. 'prioritized', from, '(' .. to)
  if priority > RETRIED then
    -- Jobs that can be done before the first due date of the step; later steps have more time.
    local inTime = (begin + priority * span - now) * jobsPerSecond
    allInTime = allInTime or total <= inTime
    atRisk = atRisk + math.max(0, jobs - math.max(0, math.floor(inTime - ahead)))
  else
    local retried = redis.call(
      'ZRANGEBYSCORE', queue .. 'prioritized', from, '(' .. to, 'WITHSCORES', 'LIMIT', 0, READ_AT_MOST)
    atRisk = atRisk + lateOnes(retried, jobs, function(index) return now + (waiting + active + index) / jobsPerSecond end)
  end
  ahead = ahead + jobs
  from = to
end
look(firstOfAll)
look(redis.call('LINDEX', queue .. 'wait', -1))
look(redis.call('LINDEX', queue .. 'active', -1))
look(redis.call('ZRANGE', queue .. 'delayed', 0, 0)[1])
local lastDelayed = tonumber(redis.call('ZREVRANGE', queue .. 'delayed', 0, 0, 'WITHSCORES')[2]) or 0

return cjson.encode({
  readAt = math.floor(now * 1000),
  waiting = waiting + redis.call('ZCARD', queue .. 'prioritized'),
  active = active,
  delayed = delayed,
  failed = redis.call('ZCARD', queue .. 'failed'),
  oldestAt = oldest,
  queuePaused = redis.call('HEXISTS', queue .. 'meta', 'paused') == 1,
  dueAtRisk = atRisk,
  callsLastSecond = lastSecond,
  allowedPerSecond = allowed,
  jobsPerSecond = jobsPerSecond,
  lastBackoffSeconds = math.max(0, math.ceil(lastDelayed / DELAYED / 1000 - now)),
  outcomes = redis.call('HGETALL', KEYS[2]),
})
