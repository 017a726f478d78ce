-- Shortens leases that last longer than whoever took them wanted. Redis keeps the moment at which a key expires, so a
-- key that was set while its clock ran an hour ahead lives an hour longer when the clock is right again.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2…] leases
-- ARGV[1]  longest life of a lock on a job, in ms
-- ARGV[2…] longest life of each lease, in ms
--
-- Answers the number of leases that were too long. A lease without an end counts too.
--
-- A script, so that no lease is taken anew between the look and the change. Depends on BullMQ's name for locks; a test
-- compares it with BullMQ. Cost: a command for each job in hand of the fleet.
local shortened = 0

local function shorten(key, longest)
  local left = redis.call('PTTL', key)
  if left == -1 or left > longest then
    redis.call('PEXPIRE', key, longest)
    shortened = shortened + 1
  end
end

for i = 2, #KEYS do shorten(KEYS[i], tonumber(ARGV[i])) end
for _, jobId in ipairs(redis.call('LRANGE', KEYS[1] .. 'active', 0, -1)) do
  shorten(KEYS[1] .. jobId .. ':lock', tonumber(ARGV[1]))
end
return shortened
