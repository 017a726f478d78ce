-- Reads how fast the fleet calls the vendor and how fast it may, for several commands. Joined behind allowed-rate.lua.
--
-- KEYS[1]  state of the fleet (hash)
-- KEYS[…]  for each command, start of the keys that count its calls: `<this>:<epoch second>`, a hash of
--          `<10 ms bin>:<caller>`
-- ARGV[1]  10 ms bin (epoch time in ms / 10): only seconds that end after it count; 0 for the longest look back
-- ARGV[…]  the commands in the order of their keys, each with the vendor's ceiling in calls per second
--
-- Answers { the bin at which the last counted second ended, and for each command: calls per second allowed now as text,
--           calls sent in the fullest counted second }.
--
-- Costs one read for each command and second of the look back; most of these keys do not exist. The longest look back
-- at four commands under full load takes 5 ms.

-- A rolling second, in bins.
local SECOND = 100
-- Bins that must have passed. A worker reports its calls with its next ask for permits, half a second later at most.
local COMPLETE_AFTER = 100
-- Bins. Redis keeps them for 130 seconds. Half would miss peaks when scrapes a minute apart come late.
local LOOK_BACK = 12000

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local to = math.floor(now / 10000) - COMPLETE_AFTER
local from = math.max(tonumber(ARGV[1]), to - LOOK_BACK)

local firstSecond = math.floor((from - SECOND + 1) / 100)

local function peakOf(sent)
  local counts, isCalled = {}, false
  for second = firstSecond, math.floor(to / 100) do
    local bins = redis.pcall('HGETALL', sent .. ':' .. second)
    for i = 1, #bins, 2 do
      local bin = second * 100 + string.match(bins[i], '^%d+')
      counts[bin] = (counts[bin] or 0) + bins[i + 1]
      isCalled = true
    end
  end
  local inSecond, most = 0, 0
  if not isCalled then return most end
  for bin = firstSecond * 100, to do
    inSecond = inSecond + (counts[bin] or 0) - (counts[bin - SECOND] or 0)
    if bin > from then most = math.max(most, inSecond) end
  end
  return most
end

local answer = { to }
for i = 2, #KEYS do
  local allowed = allowedRate(KEYS[1], ARGV[i * 2 - 2], tonumber(ARGV[i * 2 - 1]), now)
  answer[#answer + 1] = string.format('%.3f', allowed)
  answer[#answer + 1] = peakOf(KEYS[i])
end
return answer
