-- Keeps the list of the fleet's live workers.
--
-- KEYS[1]  workers (hash): `<id>` = `<time of its last word, in ms>|<what it says of itself, JSON>`
-- KEYS[2]  state of the fleet (hash): `ceiling` = the lowest ceiling of the live workers, in calls per second
-- ARGV, in this order:
--   lease   ms after which a worker that says nothing counts as gone
--   id      of the worker that speaks; '' to read only
--   member  what it says of itself, JSON; '' when it leaves
--
-- Answers { JSON of a live worker, JSON of a live worker … }, the speaker's own included.
--
-- A script, so that time is this server's, and so that the worker that says a thing last sees what all others said.
-- Costs O(workers).
local lease, id, member = unpack(ARGV, 1, 3)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Changes nothing, and lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', KEYS[1])
if id ~= '' and member == '' then redis.call('HDEL', KEYS[1], id) end
if id ~= '' and member ~= '' then redis.call('HSET', KEYS[1], id, string.format('%.0f|', now) .. member) end

local live, lowest = {}, nil
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at, says = string.match(all[i + 1], '^(%d+)|(.*)$')
  -- A time ahead of now comes from before the clock of this server went back.
  if at and math.abs(now - at) <= tonumber(lease) then
    live[#live + 1] = says
    local ceiling = tonumber(string.match(says, '"ceilingPerSecond":(%d+)'))
    if ceiling then lowest = math.min(lowest or ceiling, ceiling) end
  elseif id ~= '' then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
-- Workers that were set up with different ceilings keep to the lowest, from the first permit of the newest one on.
if id ~= '' then
  if lowest then redis.call('HSET', KEYS[2], 'ceiling', lowest) else redis.call('HDEL', KEYS[2], 'ceiling') end
end
return live
