-- Gives the lease of an import back, or forgets the import.
--
-- KEYS[1]  hash of the import, see hold-import.lua
-- ARGV     token of the caller; 'forget' at the end of the import, else 'release'
--
-- Answers 0. Changes nothing where another process owns the import. One script, so that nobody can take the lease
-- between the question and the change.
local token, act = unpack(ARGV)
if redis.call('HGET', KEYS[1], 'owner') ~= token then return 0 end
if act == 'forget' then redis.call('DEL', KEYS[1])
else redis.call('HDEL', KEYS[1], 'owner', 'host', 'pid', 'place', 'until') end
return 0
