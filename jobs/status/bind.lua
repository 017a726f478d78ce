-- Binds a fleet to its contract: what all its members have in common.
--
-- KEYS[1]  state of the fleet (hash): `app`, `host`, `key`, `version`
-- ARGV[1]  'bind': writes where the fleet is bound to nothing yet; 'rebind': writes in any case
-- ARGV[2]  the app's SDKAppID
-- ARGV[3]  host name of the vendor
-- ARGV[4]  id of the receipt key
-- ARGV[5]  version of the data in Redis
--
-- Answers { app, host, key, version } as they are afterwards.
--
-- One script, so that of two workers of different apps that start together only one binds the fleet, with all its
-- values. A command that withdrew accounts before the first worker has left its key, which then counts.
local mode, app, host, key, version = unpack(ARGV, 1, 5)

-- Changes nothing, and lets the rest through where the memory is full, see ledger.lua.
redis.call('PERSIST', KEYS[1])
local bound = redis.call('HMGET', KEYS[1], 'app', 'host', 'version', 'key')
if mode == 'rebind' or not (bound[1] or bound[2] or bound[3] or bound[4] and bound[4] ~= key) then
  redis.call('HSET', KEYS[1], 'app', app, 'host', host, 'key', key, 'version', version)
end
return redis.call('HMGET', KEYS[1], 'app', 'host', 'key', 'version')
