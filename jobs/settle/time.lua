-- Shared by the scripts that write times.

-- Times in ms have more digits than Lua prints by itself.
local function text(number) return string.format('%.0f', number) end

local function nowMs()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
