-- Takes or renews the lease of an import. It belongs to one process at a time.
--
-- KEYS[1]  hash of the import: owner (token), host, pid, place, until (ms, by this server's clock), entries (number of
--          entries done) and done (how far the import is; text of its owner)
-- ARGV     token of the caller; its host, pid and place; length of the lease in ms; a token whose process is known to be
--          gone, or ''; seconds after which Redis forgets an import that nobody goes on with
--
-- Answers 'held', the history of this server, entries, done; or 'taken', the history, and the owner's token, host, pid,
-- place, until. The history is another one after a restart or a failover, since both may lose the last commands.
--
-- A free lease, a lease that ran out and the lease of a process that is gone are taken. One script, so that two
-- processes cannot both take it. Cost: about six commands.
local token, host, pid, place, length, gone, keep = unpack(ARGV)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or ''
local history = run .. replication

local held = redis.call('HMGET', KEYS[1], 'owner', 'host', 'pid', 'place', 'until', 'entries', 'done')
local owner, runsUntil = held[1], tonumber(held[5]) or 0
if owner and owner ~= token and owner ~= gone and runsUntil > now then
  return { 'taken', history, owner, held[2], held[3], held[4], held[5] }
end
redis.call(
  'HSET', KEYS[1], 'owner', token, 'host', host, 'pid', pid, 'place', place, 'until', text(now + tonumber(length))
)
redis.call('EXPIRE', KEYS[1], keep)
return { 'held', history, held[6] or '0', held[7] or '' }
