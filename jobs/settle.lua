-- Settles a job: the first settle of a job wins and is counted; a second one, after a crash, changes nothing.
--
-- KEYS[1]  the job's hash
-- KEYS[2]  hash of outcomes
-- KEYS[3]  list of the last outcomes, newest first
-- KEYS[4]  exists while an operator has said that many accounts are gone and that this is right
-- ARGV[1]  final outcome
--
-- Answers 'settled'; 'suspicious' (settled, and so many accounts in a row do not exist that we may be asking the wrong
-- app); 'already' (settled before: the worker crashed between settling and completing); or 'gone' (the job is no longer
-- in Redis, so somebody else has completed it).
--
-- One script, so that no crash can come between the mark and the count. The mark is a field of the job's own hash: it
-- goes when the job goes and needs no clean-up. Cost: six commands.
local LOOKED_AT = 50
local SHARE = 0.2
-- The first jobs of a wrong app are told by fewer: all of them.
local AT_FIRST = 10

if redis.call('EXISTS', KEYS[1]) == 0 then return 'gone' end
if redis.call('HSETNX', KEYS[1], 'settled', ARGV[1]) == 0 then return 'already' end
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('LPUSH', KEYS[3], ARGV[1])
redis.call('LTRIM', KEYS[3], 0, LOOKED_AT - 1)
if ARGV[1] ~= 'not_imported' or redis.call('EXISTS', KEYS[4]) == 1 then return 'settled' end

local last = redis.call('LRANGE', KEYS[3], 0, -1)
local missing = 0
for _, outcome in ipairs(last) do
  if outcome == 'not_imported' then missing = missing + 1 end
end
local tooMany = #last == LOOKED_AT and missing > LOOKED_AT * SHARE
if tooMany or (#last >= AT_FIRST and missing == #last) then return 'suspicious' end
return 'settled'
