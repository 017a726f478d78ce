-- Adds the wishes of duplicates to the jobs that are there, which never become weaker by it; see wish.ts. Joined behind
-- counts.lua and waiting-line.lua.
--
-- ARGV[1]   the fleet's app; '' before the first worker
-- ARGV[2…]  pairs: the id that the duplicate would have as a job, its data as JSON
--
-- Answers for each a pair: a result, and the id of the job that serves the wish. Results: 'same' (the job wants as much
-- already); 'strengthened'; 'joined' (strengthened by its request, which the job did not serve before); or 'new' (no job can serve the wish, and the account's place is free: it must be enqueued).
--
-- One script, so that no worker can end a job between the look at it and the change. A job in hand is changed too: its
-- settle notices. Cost: about eight commands for a wish that adds nothing, twenty for one that does.
local FIELDS = { v = true, account = true, type = true, request = true, app = true, due = true }
local LAST_DUE = 253402300799
local fleetApp = tonumber(ARGV[1])

-- Whether a job and a wish are for the same app, as far as they name one: a job of another app than the fleet's can only
-- become a dead letter.
local function isForOneApp(one, other)
  local app = one or other
  return (not one or not other or one == other) and (not app or not fleetApp or app == fleetApp)
end

-- Whether a worker would take the data as valid and as being about the same account of the same app. Wishes must not
-- join a job that a foreign producer has written in such a way that it can only become a dead letter.
local function canServe(data, wish)
  for field in pairs(data) do
    if not FIELDS[field] then return false end
  end
  local due, request = data.due, data.request
  local hasDue = type(due) == 'number' and due == math.floor(due) and due >= 0 and due <= LAST_DUE
  local hasRequest = request == nil or type(request) == 'string' and request ~= '' and request ~= wish.account
  local hasApp = data.app == nil or type(data.app) == 'number'
  local hasType = data.type == nil or data.type == 'single'
  return hasDue and hasRequest and hasApp and hasType and data.v == wish.v and data.account == wish.account
    and isForOneApp(data.app, wish.app)
end

-- Answers the account's live job. Frees the place of an account whose deduplication key points at anything else: at
-- nothing, at a dead letter (a key with a time to live stays), at a settled job, or at a job that cannot serve.
local function findLive(wish)
  local deduplicationKey = QUEUE .. 'de:' .. wish.account
  local jobId = redis.call('GET', deduplicationKey)
  if not jobId then return end
  local jobKey = QUEUE .. jobId
  local job = redis.call('HMGET', jobKey, 'data', 'settled', 'finishedOn', 'priority', 'ats', 'wish', 'timestamp')
  local data = decoded(job[1])
  if job[2] or job[3] or not canServe(data, wish) then
    redis.call('DEL', deduplicationKey)
    return
  end
  -- The producer of this job may have crashed before it counted it.
  if data.request then countAccepted(jobKey, data.request, job[7]) end
  return {
    id = jobId, key = jobKey, data = data, growth = decoded(job[6]), wasTaken = job[5], priority = tonumber(job[4]) or 0,
  }
end

-- Takes over the earlier due date, two-way over one-way, and the app where the job names none. Answers whether the job
-- has changed.
local function raise(job, wish)
  local data, changed = job.data, false
  if wish.due < data.due then
    data.due, changed = wish.due, true
  end
  if data.type == 'single' and wish.type ~= 'single' then
    data.type, job.growth[1], changed = nil, 'both', true
    redis.call('HSET', job.key, 'wish', cjson.encode(job.growth))
  end
  local isBound = data.app or not wish.app
  data.app = data.app or wish.app
  if changed or not isBound then redis.call('HSET', job.key, 'data', cjson.encode(data)) end
  return changed
end

-- Adds the request that wants the account cleared. No request is noted as an empty one: if the job's other requests are
-- withdrawn, this wish must stay.
local function addRequest(job, request)
  local growth = job.growth
  if request == (job.data.request or '') then return false end
  for i = 2, #growth do
    if growth[i] == request then return false end
  end
  growth[1] = growth[1] or 'same'
  growth[#growth + 1] = request
  if request ~= '' then countJob(REQUESTS .. request, text(nowMs())) end
  redis.call('HSET', job.key, 'wish', cjson.encode(growth))
  return request ~= ''
end

-- Moves the job to the place in line of its due date. A retried job has priority 1 and stays, and a job without a
-- priority comes before all that have one. A job that waits for its backoff keeps it; a `delay` of its producer ends.
local function moveUp(job)
  local priority = priorityOfDue(job.data.due)
  local isEarlier = priority < job.priority
  if not job.wasTaken and redis.call('ZSCORE', QUEUE .. 'delayed', job.id) then
    endDelay(job.id, job.key, job.priority > 0 and math.min(priority, job.priority) or priority)
    return true
  end
  if not isEarlier then return false end
  redis.call('HSET', job.key, 'priority', priority)
  if redis.call('ZREM', QUEUE .. 'prioritized', job.id) == 1 then putInLine(job.id, priority) end
  return true
end

local function strengthen(ownId, wish)
  local job = findLive(wish)
  if not job then return 'new', ownId end
  local raised, added, moved = raise(job, wish), addRequest(job, wish.request or ''), moveUp(job)
  local result = added and 'joined' or (raised or moved) and 'strengthened' or 'same'
  -- A producer that was killed may send this batch again when the job has ended. This mark then shows that it was served.
  if redis.call('HEXISTS', BATCHES, ownId) == 1 then redis.call('HSET', BATCHES, ownId, result) end
  return result, job.id
end

local answers = {}
for i = 2, #ARGV, 2 do answers[#answers + 1] = { strengthen(ARGV[i], cjson.decode(ARGV[i + 1])) } end
return answers
