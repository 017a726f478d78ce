-- Puts jobs into the waiting line as BullMQ 6 does. Joined behind counts.lua and the constants of due.ts, see
-- waiting-line.ts. Depends on the key layout of BullMQ 6; tests compare it with BullMQ.
local FIRST_OF_PRIORITY = 0x100000000
local meta = redis.call('HMGET', QUEUE .. 'meta', 'paused', 'opts.maxLenEvents')

local function tell(...)
  redis.call('XADD', QUEUE .. 'events', 'MAXLEN', '~', meta[2] or 10000, '*', 'event', ...)
end

-- Answers the priority of a due date, as `priorityOfDue` in due.ts does.
local function priorityOfDue(due)
  return math.min(math.max(math.floor((due - FIRST_STEP_AT) / STEP_SECONDS), FIRST_PRIORITY), LAST_PRIORITY)
end

local function putInLine(jobId, priority)
  if priority > 0 then
    local number = redis.call('INCR', QUEUE .. 'pc') % FIRST_OF_PRIORITY
    redis.call('ZADD', QUEUE .. 'prioritized', text(priority * FIRST_OF_PRIORITY + number), jobId)
  else
    redis.call('LPUSH', QUEUE .. 'wait', jobId)
  end
  if not meta[1] then redis.call('ZADD', QUEUE .. 'marker', 0, '0') end
end

-- Ends the delay of a job that waits for it, so that its due date alone decides when it runs.
local function endDelay(jobId, jobKey, priority)
  redis.call('ZREM', QUEUE .. 'delayed', jobId)
  redis.call('HSET', jobKey, 'delay', 0, 'priority', priority)
  putInLine(jobId, priority)
  tell('waiting', 'jobId', jobId, 'prev', 'delayed')
end
