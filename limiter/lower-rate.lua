-- Lowers the rate of the whole fleet, or lets it come back. Joined behind allowed-rate.lua.
--
-- KEYS[1]  state of the fleet (hash)
-- ARGV[1]  the vendor's command
-- ARGV[2]  the vendor's ceiling in calls per second
-- ARGV[3]  why: 'throttled' (the vendor called this command too fast), 'throttled_all' (it called the whole app too
--          fast), 'outage' (most calls get no answer), 'recovered' (a call got an answer after an outage)
-- ARGV[4]  how many answers said so
--
-- Answers the rate allowed from now on, as text; nothing where it stays as it is.

-- Each refused call multiplies the rate by this. A single refusal costs next to nothing. A vendor with a ceiling a
-- quarter below ours refuses fifty calls a second, which lower the rate to it within a second.
local REFUSED = 0.99
local LEAST = 1
-- One call a second finds the end of an outage soon enough, and uses up few attempts.
local PROBES = 1
local AFTER_OUTAGE = 10
local HOLD = 5000000

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local command, ceiling, trouble, times = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local outage = 'outage:' .. command
local rate = allowedRate(KEYS[1], command, ceiling, now)

-- Changes nothing, and lets the rest through where the memory is full, see ledger.lua: a fleet that calls too fast must
-- slow down then, too.
redis.call('PERSIST', KEYS[1])

local function lower(to, doubling)
  redis.call('HSET', KEYS[1], 'lowered:' .. command, string.format('%.3f|%.0f|%s', to, now, doubling))
  rate = to
end

if trouble == 'outage' then
  redis.call('HSET', KEYS[1], outage, text(now))
  lower(PROBES, '0')
elseif trouble == 'recovered' then
  -- An answer after a few missing ones mostly ends no outage, because none was reported.
  if redis.call('HDEL', KEYS[1], outage) == 0 then return false end
  lower(math.min(AFTER_OUTAGE, ceiling), '1')
else
  lower(math.max(LEAST, rate * REFUSED ^ times), '0')
  if trouble == 'throttled_all' then redis.call('HSET', KEYS[1], 'hold', text(now + HOLD)) end
end
return string.format('%.3f', rate)
