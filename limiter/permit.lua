-- Reserves permits: rights to one request each, at times called slots. Joined behind allowed-rate.lua, which defines
-- `allowedRate` and `text`.
--
-- KEYS[1]  permits of one vendor command (sorted set): the slots of the last second, scored by the moment of their use;
--          before all of them `server:<id>`, the server that has granted them
-- KEYS[2]  state of the fleet (hash): `halt`, `pause`, the contract (`app`, `host`, `key`, `version`), and what
--          allowed-rate.lua reads
-- KEYS[3]  start of the keys that count calls really sent: `<KEYS[3]>:<epoch second>`, a hash of
--          `<10 ms bin>:<caller>`
--
-- ARGV, in this order:
--   want      how many permits are wanted
--   ceiling   the vendor's, in calls per second
--   margin    share kept off the ceiling
--   lead      no slot earlier than this many microseconds from now, because the answer has to travel
--   horizon   microseconds ahead up to which a caller that holds permits may get more
--   holds     1 when the caller holds permits that it has not used yet
--   jumped    1 when the caller has proof that this server's clock jumped a moment ago
--   probe     1 for a probe, which may go although the fleet is paused or halted
--   command   the vendor's command
--   ask       name of this ask, which comes back in the answer
--   caller    name of the caller, unique
--   contract  `<app>|<host>|<key>|<version>` of a worker, which calls for no other fleet; '' for other programs
--   returned  how many slots come back unused
--   late      how many slots were used late
--   then the slots that come back; those that were used late, in pairs: slot, moment of its use; and the calls that the
--   caller has sent, in pairs: 10 ms bin (epoch time in ms / 10), calls in it so far. Reporting a bin again changes
--   nothing, so a caller may repeat it after an answer was lost
--
-- Answers { 'granted', ask, now, wait, slot, slot … } in microseconds as text: without slots the caller asks again
--         after `wait`; or { 'closed', ask, now, 'paused' | 'halted' | 'foreign' }.
--
-- Two rules hold for the slots of all callers together. First, any `count` slots in a row span at least a window, which
-- is a second plus what uses may be off their slots, plus the margin. So no second holds more calls than the ceiling,
-- as long as their travel times differ by less than the margin. Second, the slots are spread: each lies a gap behind
-- the one before, and the slots of a tenth of a second span most of a tenth of a window. Both spans are a little
-- shorter than the even share, so that the next slots can make up for slots that came back unused.
--
-- One script, so that two callers cannot get the same slot. All times are of this server's clock. The key has no
-- expiry, because a missing key means a hold, and an idle fleet needs none. Costs a few commands in O(log ceiling) for
-- a whole batch.

local SECOND = 1000000
-- A slot may be used 0.5 ms early (lane.ts), and 2 ms late before Redis hears of it (late-uses.ts). 1 ms more would
-- cost two calls in ten seconds.
local UNREPORTED = 2500
-- The longest reservation. Half would starve a fleet of more than 100 processes; double would double every hold.
local LONGEST = 1000000
-- As in lower-rate.lua.
local HOLD_AT_MOST = 5000000
-- Two slots lie at least this share of the even spacing apart. The next few slots then close a hole that a missed or
-- late slot left. With 0.96 each hole held back the 25 slots behind it, and the fleet lost 0.5 % of its ceiling.
local GAP = 0.7
-- A burst, which is this share of a second's slots in a row (21 at 200 a second), spans at least BURST_SPAN of its even
-- spacing. 0.98 could not make up for the slots that a single busy process misses; 0.9 would let more than 23 calls
-- into 100 ms.
local BURST = 0.105
local BURST_SPAN = 0.95

local want, ceiling, margin, lead, horizon, holds, jumped, probe, command, ask, caller, contract, returned, late =
  unpack(ARGV, 1, 14)
ceiling, lead, horizon = tonumber(ceiling), tonumber(lead), tonumber(horizon)
-- Where the lists behind the named arguments begin.
local LATE = 15 + returned
local SENT = LATE + 2 * late
local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]

-- Both commands fail if the keys hold another type; then the script writes nothing and grants no permit. The second one
-- changes nothing, and lets the rest through where the memory is full, see ledger.lua: calls end jobs, which makes
-- room.
local fleet = redis.call('HMGET', KEYS[2], 'halt', 'pause', 'app', 'host', 'key', 'version')
redis.call('ZREM', KEYS[1], '')

-- A count that fails must not stand in the way of a permit.
local kept
for i = SENT, #ARGV, 2 do
  local bin = tonumber(ARGV[i])
  local key = KEYS[3] .. ':' .. math.floor(bin / 100)
  redis.pcall('HSET', key, bin % 100 .. ':' .. caller, ARGV[i + 1])
  if key ~= kept then redis.pcall('EXPIRE', key, 130) end
  kept = key
end
for i = 15, LATE - 1 do redis.call('ZREM', KEYS[1], ARGV[i]) end
-- A slot a window later is measured from the moment at which the call really left.
for i = LATE, SENT - 1, 2 do redis.call('ZADD', KEYS[1], 'XX', 'GT', ARGV[i + 1], ARGV[i]) end

-- A fleet that has lost its contract is nobody's: its worker must bind it anew before it calls.
if contract ~= '' then
  for i = 3, 6 do fleet[i] = fleet[i] or '' end
  if table.concat(fleet, '|', 3, 6) ~= contract then return { 'closed', ask, text(now), 'foreign' } end
end
if probe ~= '1' then
  if fleet[1] then return { 'closed', ask, text(now), 'halted' } end
  if fleet[2] then return { 'closed', ask, text(now), 'paused' } end
end

local rate, hold, unreadable = allowedRate(KEYS[2], command, ceiling, now)
if unreadable then return redis.error_reply('UNREADABLE the field ' .. unreadable .. ' of ' .. KEYS[2] .. ' is no limit') end
local count = math.max(1, math.floor(rate))
local window = (SECOND + UNREPORTED) / (1 - margin) * count / rate

local server = 'server:' .. (string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '')
local last = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])

-- The key holds nothing (first start, flush), slots of another server (restart, failover), or slots by a clock that has
-- jumped. Then granted permits cannot be counted: hold until all of them must have been used, and a whole window more.
local isKnown = redis.call('ZSCORE', KEYS[1], server)
if not isKnown or not last or last > now + window + LONGEST + SECOND or jumped == '1' then
  last = now + window + LONGEST
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], text(last - 1), server, text(last), text(last))
end

-- A hold further away than the longest one comes from a clock that went back.
if hold > now + HOLD_AT_MOST then hold = 0 end
local even = window / count
local known = redis.call('ZCARD', KEYS[1])
local burst = math.max(2, math.floor(count * BURST))
local notBefore = math.max(now + lead, hold)
local reach = now + (holds == '1' and horizon or LONGEST)
want = math.min(tonumber(want), count)
local answer = { 'granted', ask, text(now), '0' }
local added = {}

-- Makes a function of i that answers the moment of use of the slot `places` before the i-th new one; nil where the
-- server has not granted that many yet.
local function slotsBack(places)
  local before = redis.call('ZRANGE', KEYS[1], -places, math.min(want - places, 0) - 1, 'WITHSCORES')
  local missing = math.max(0, places - known)
  return function(i)
    if i > places then return tonumber(added[2 * (i - places) - 1]) end
    return i > missing and tonumber(before[2 * (i - missing)]) or nil
  end
end

if want > 0 then
  -- In the first window nothing has to be made up for; a lead would leave a hole at its end, in every window from then on.
  local isFirst = known <= count
  local gap = even * (isFirst and 1 or GAP)
  local burstSpan = burst * even * (isFirst and 1 or BURST_SPAN)
  local windowBack, burstBack = slotsBack(count), slotsBack(burst)
  local earliest = math.max(last + gap, notBefore)
  for i = 1, want do
    local aWindowBack, aBurstBack = windowBack(i), burstBack(i)
    if aWindowBack then earliest = math.max(earliest, aWindowBack + window) end
    if aBurstBack then earliest = math.max(earliest, aBurstBack + burstSpan) end
    -- A caller without permits gets one even where the line is long; more only within the horizon.
    if i == 2 then reach = now + horizon end
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
