-- Answers which jobs of a batch are not in Redis yet, and remembers the batch until its producer forgets it. A script
-- that ends a job before that marks it in KEYS[2], see ledger.lua.
--
-- KEYS[1]  BullMQ's key prefix of the queue, with its last colon: `<prefix>:clear-friends:`
-- KEYS[2]  hash of jobs in batches that are under way: job id → `sent`, `ended`, or for a duplicate `same` or
--          `strengthened` or `joined`, see strengthen.lua
-- ARGV[1]  seconds after which Redis forgets batches whose producer never came back
-- ARGV[2]… job ids
--
-- Answers, in the order of the ids, 'missing' for a job that must be sent. For one that was sent before: 'accepted', or
-- as a duplicate 'same', 'strengthened' or 'joined'. One script, so that no job can end between the two questions about it. Cost:
-- three commands a job.
local answer = {}
for i = 2, #ARGV do
  local mark = redis.call('HGET', KEYS[2], ARGV[i])
  if mark == 'same' or mark == 'strengthened' or mark == 'joined' then answer[i - 1] = mark
  elseif mark == 'ended' then answer[i - 1] = 'accepted'
  else
    answer[i - 1] = redis.call('EXISTS', KEYS[1] .. ARGV[i]) == 1 and 'accepted' or 'missing'
    redis.call('HSET', KEYS[2], ARGV[i], 'sent')
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[1])
return answer
