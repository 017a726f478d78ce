-- Shared by the scripts that grant permits, change the rate and show it; joined in front of them.
--
-- allowedRate(fleet key, command, ceiling, now in microseconds) answers calls per second, and the time in microseconds
-- before which no call may be sent (0 when there is none). If a field cannot be read, it answers 0, 0 and the field's
-- name: the field sets a limit, but which one is not known.
--
-- Fields of the fleet's hash: `rate` = an operator's ceiling; `ceiling` = the lowest that a live worker is set to;
-- `lowered:<command>` = "rate|at|doubling": the lowered rate, the time, and how the rate comes back: '0' = by half a
-- percent of the ceiling a second, after the vendor called us too fast; '1' = it doubles every second, after an outage;
-- `hold` = no process calls before this time.
local CLIMB = 0.005

-- Times in microseconds have more digits than Lua prints by itself.
local function text(microseconds) return string.format('%.0f', microseconds) end

local function allowedRate(fleetKey, command, ceiling, now)
  local fleet = redis.call('HMGET', fleetKey, 'rate', 'lowered:' .. command, 'hold', 'ceiling')
  local rate = ceiling
  if fleet[1] then
    -- The settings' ceiling may have been lowered since the operator set a rate; then the ceiling counts.
    rate = math.min(ceiling, string.match(fleet[1], '^%d+$') and tonumber(fleet[1]) or 0)
    if rate < 1 then return 0, 0, 'rate' end
  end
  if fleet[2] then
    local lowered, at, doubling = string.match(fleet[2], '^(%d+%.?%d*)|(%d+)|([01])$')
    if not lowered then return 0, 0, 'lowered:' .. command end
    -- A clock that went back must not hold the rate down for ever.
    local seconds = math.max(0, (now - at) / 1000000)
    local climbed = doubling == '1' and lowered * 2 ^ math.min(seconds, 60) or lowered + ceiling * CLIMB * seconds
    rate = math.min(rate, climbed)
  end
  if fleet[4] then
    rate = math.min(rate, string.match(fleet[4], '^%d+$') and tonumber(fleet[4]) or 0)
    if rate < 1 then return 0, 0, 'ceiling' end
  end
  if fleet[3] and not string.match(fleet[3], '^%d+$') then return 0, 0, 'hold' end
  return rate, tonumber(fleet[3] or 0)
end

