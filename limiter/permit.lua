-- Reserves permits: rights to one request each, at times called slots.
--
-- KEYS[1]  permits of one vendor command (sorted set): the slots of the last second, each at the moment of its use, and
--          before all of them `server:<id>`, at the moment from which on slots were granted
-- KEYS[2]  state of the fleet (hash): `halt`, `pause`, and what allowed-rate.lua reads, which is joined in front of this
-- KEYS[3]  start of the keys that count calls really sent: `<KEYS[3]>:<epoch second>`, a hash of
--          `<10 ms bin>:<caller>`
--
-- ARGV[1]  how many permits are wanted
-- ARGV[2]  the vendor's ceiling in calls per second
-- ARGV[3]  margin kept off it, as a share
-- ARGV[4]  lead: no slot earlier than this many microseconds from now, because the answer has to travel
-- ARGV[5]  horizon: microseconds ahead up to which a caller that holds permits may get more
-- ARGV[6]  1 when the caller holds permits that it has not used yet
-- ARGV[7]  1 when the caller has proof that this server's clock jumped a moment ago
-- ARGV[8]  1 for a probe, which may be sent although the fleet is paused or halted
-- ARGV[9]  the vendor's command
-- ARGV[10] name of this ask, which comes back in the answer
-- ARGV[11] name of the caller, unique
-- ARGV[12] how many slots come back unused
-- ARGV[13] how many slots were used late
-- ARGV[…]  the slots that come back; those that were used late, in pairs: slot, moment at which it was used
-- ARGV[…]  calls that the caller has sent, in pairs: 10 ms bin (epoch time in ms / 10), how many in it so far. Telling of a
--          bin again changes nothing, as it must after an answer was lost
--
-- Answers { 'granted', ask, now, wait, slot, slot … } in microseconds as text: without slots the caller asks again after
--         `wait`; or { 'closed', ask, now, 'paused' | 'halted' }.
--
-- Two rules hold for the slots, whoever asks. Any `count` in a row span at least a window, which is a second plus the
-- margin: no second holds more than the ceiling, even when calls travel differently long, as long as the difference is
-- within the margin. And they are spread: each is a gap behind the one before, and a tenth of a second's calls span most
-- of a tenth of a window. Both are a little shorter than the even share, so that slots that came back unused can be made
-- up for.
--
-- One script, so that two callers cannot get the same slot. The time is this server's and nobody else's. The key has no
-- expiry: idle is not missing. Costs a few commands in O(log ceiling) for a whole batch.

local SECOND = 1000000
-- Calls travel differently long even where the margin is nil. A thousandth more costs two calls in ten seconds; twice as
-- much would leave less than 98.5 % of the ceiling.
local TRAVEL = 3000
-- The longest reservation. Half would starve a fleet of more than 100 processes; double would double every hold.
local LONGEST = 1000000
-- As in lower-rate.lua.
local HOLD_AT_MOST = 5000000
-- Share of the even spacing between two slots at least. A hole that a missed slot left, or a slot that moved because the
-- call before it was late, is closed by the next few; with 0.96 each of them held back the 25 slots behind it, and the
-- fleet lost half a percent of its ceiling.
local GAP = 0.7
-- So many of a second's slots in a row, as a share, and the share of their even spacing that they span at least: 21 in
-- 100 ms at 200 a second. A span of 0.98 could not make up for what a single busy process misses; 0.9 would let more than
-- 23 calls into 100 ms.
local BURST = 0.105
local BURST_SPAN = 0.95
-- At first processes and connections are cold, and what starts beside them takes the cores: vendors were seen to stand
-- still for 50 ms. So much wider is the gap for so many of the first second's slots: any less would let more than 23 calls
-- into 100 ms then. The slots up to a window behind these make up for what was missed and for no more, or they would come
-- as unevenly from then on.
local FIRST_GAP = 1.3
local FIRST = 0.5

local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]
local ceiling = tonumber(ARGV[2])
local ask = ARGV[10]
local returned, late = tonumber(ARGV[12]), tonumber(ARGV[13])

-- These fail where somebody put something else under the keys. Nothing was written then, and no permit is granted. The
-- second changes nothing, and lets the rest through where the memory is full, see ledger.lua: calls end jobs, which makes
-- room.
local fleet = redis.call('HMGET', KEYS[2], 'halt', 'pause')
redis.call('ZREM', KEYS[1], '')

-- What is only counted must not stand in the way of a permit.
for i = 14 + returned + 2 * late, #ARGV, 2 do
  local bin = tonumber(ARGV[i])
  local key = KEYS[3] .. ':' .. math.floor(bin / 100)
  redis.pcall('HSET', key, bin % 100 .. ':' .. ARGV[11], ARGV[i + 1])
  redis.pcall('EXPIRE', key, 130)
end
for i = 14, 13 + returned do redis.call('ZREM', KEYS[1], ARGV[i]) end
-- What counts a window later is when the call really left.
for i = 14 + returned, 13 + returned + 2 * late, 2 do redis.call('ZADD', KEYS[1], 'XX', 'GT', ARGV[i + 1], ARGV[i]) end

if ARGV[8] ~= '1' then
  if fleet[1] then return { 'closed', ask, text(now), 'halted' } end
  if fleet[2] then return { 'closed', ask, text(now), 'paused' } end
end

local rate, hold, unreadable = allowedRate(KEYS[2], ARGV[9], ceiling, now)
if unreadable then return redis.error_reply('UNREADABLE the field ' .. unreadable .. ' of ' .. KEYS[2] .. ' is no limit') end
local count = math.max(1, math.floor(rate))
local window = (SECOND + TRAVEL) / (1 - tonumber(ARGV[3])) * count / rate

local server = 'server:' .. (string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '')
local last = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])

-- Nothing known (first start, flush), known by another server (restart, failover), or known by a clock that has jumped:
-- permits that are out cannot be counted. Hold until all of them must have been used, and a whole window more.
local startedAt = tonumber(redis.call('ZSCORE', KEYS[1], server) or '')
if not startedAt or not last or last > now + window + LONGEST + SECOND or ARGV[7] == '1' then
  last = now + window + LONGEST
  startedAt = last - 1
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], text(startedAt), server, text(last), text(last))
end

-- A hold that lies further away than any is set comes from a clock that went back.
if hold > now + HOLD_AT_MOST then hold = 0 end
local even = window / count
local known = redis.call('ZCARD', KEYS[1])
local burst = math.max(2, math.floor(count * BURST))
local notBefore = math.max(now + tonumber(ARGV[4]), hold)
local reach = now + (ARGV[6] == '1' and tonumber(ARGV[5]) or LONGEST)
local want = math.min(tonumber(ARGV[1]), count)
local answer = { 'granted', ask, text(now), '0' }
local added = {}

-- Answers a function that tells the moment of use of the slot so many places before the i-th new one; nothing where
-- fewer have been granted yet.
local function slotsBack(places)
  local before = redis.call('ZRANGE', KEYS[1], -places, math.min(want - places, 0) - 1, 'WITHSCORES')
  local missing = math.max(0, places - known)
  return function(i)
    if i > places then return tonumber(added[2 * (i - places) - 1]) end
    return i > missing and tonumber(before[2 * (i - missing)]) or nil
  end
end

if want > 0 then
  -- The last of them waits longest for the one a window before it, so that all others are as free as it is.
  local place = want - count - 1
  local lastsWindowBack = tonumber(redis.call('ZRANGE', KEYS[1], place, place, 'WITHSCORES')[2]) or -window
  local isFirst = known <= count * FIRST
  local gap = even * (isFirst and FIRST_GAP or GAP)
  local isEarly = known <= count or lastsWindowBack < startedAt + window * FIRST * FIRST_GAP
  local burstSpan = burst * even * (isEarly and 1 or BURST_SPAN)
  local windowBack, burstBack = slotsBack(count), slotsBack(burst)
  local earliest = math.max(last + gap, notBefore)
  for i = 1, want do
    local aWindowBack, aBurstBack = windowBack(i), burstBack(i)
    if aWindowBack then earliest = math.max(earliest, aWindowBack + window) end
    if aBurstBack then earliest = math.max(earliest, aBurstBack + burstSpan) end
    -- A caller without permits gets one even where the line is long; more only within the horizon.
    if i == 2 then reach = now + tonumber(ARGV[5]) end
    if earliest > reach then
      if i == 1 then answer[4] = text(earliest - reach) end
      break
    end
    local slot = text(math.ceil(earliest))
    answer[#answer + 1] = slot
    added[#added + 1] = slot
    added[#added + 1] = slot
    earliest = slot + gap
  end
  if #added > 0 then
    redis.call('ZADD', KEYS[1], unpack(added))
    redis.call('ZREMRANGEBYRANK', KEYS[1], 1, -(ceiling + 1))
  end
end
return answer
