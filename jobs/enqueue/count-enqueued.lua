-- Counts the accounts of a batch by result: accepted, duplicate, rejected.
--
-- KEYS[1]  hash: accounts enqueued so far, by result
-- ARGV[…]  pairs: result, how many
--
-- Answers nothing. A script, so that a batch costs one command for all results.
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
