-- Counts what became of the accounts of a batch.
--
-- KEYS[1]  hash: accounts enqueued so far, by result
-- ARGV[…]  pairs: result, how many
--
-- Answers nothing. A script, so that a batch costs one command whatever it came to.
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
