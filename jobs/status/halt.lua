-- Halts the fleet on a fault of our own, or ends such a halt.
--
-- KEYS[1]  state of the fleet (hash): `halt` = the halt, JSON; `lifted` = the last one that was lifted, JSON
-- KEYS[2]  exists for a day after a person has said that missing accounts are right
-- KEYS[3]  exists while no worker may probe
-- ARGV, in this order:
--   action   'halt' or 'lift'
--   code     why, for `halt`
--   reason   why in words
--   host     the host that halts
--   missing  the code of a halt because too many accounts are missing
--   pause    ms in which no worker probes
--
-- Answers 1 where the fleet's state has changed by it.
--
-- `since` is this server's time. A halt that comes back within ten minutes under the same code keeps its beginning, so that
-- an operator sees how long the fault lasts, and probes do not begin anew.
local action, code, reason, host, missing, pause = unpack(ARGV, 1, 6)
local CAME_BACK_WITHIN = 600000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Changes nothing, and lets the rest through where the memory is full, see ledger.lua: a fleet must be stoppable then.
redis.call('PERSIST', KEYS[1])

local function read(field)
  local ok, halt = pcall(cjson.decode, redis.call('HGET', KEYS[1], field) or '')
  if ok and type(halt) == 'table' then return halt end
  return {}
end

if action == 'lift' then
  local halt = read('halt')
  halt.liftedAtMs = now
  redis.call('HSET', KEYS[1], 'lifted', cjson.encode(halt))
  return redis.call('HDEL', KEYS[1], 'halt')
end

-- Jobs that were under way when the person resumed still find many accounts missing.
if code == missing and redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if redis.call('HEXISTS', KEYS[1], 'halt') == 1 then return 0 end
local lifted, since = read('lifted'), now
if lifted.code == code and now - (tonumber(lifted.liftedAtMs) or 0) < CAME_BACK_WITHIN then
  since = math.min(now, tonumber(lifted.sinceMs) or now)
end
redis.call('HSET', KEYS[1], 'halt', cjson.encode({ code = code, reason = reason, host = host, sinceMs = since }))
if tonumber(pause) > 0 then redis.call('SET', KEYS[3], 'postponed', 'PX', pause) end
return 1
