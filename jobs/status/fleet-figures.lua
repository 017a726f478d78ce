-- Reads the fleet's figures that are no part of its status, and this server's clock, in one round trip.
--
-- KEYS[1]  hash: accounts enqueued so far, by result
-- KEYS[2]  hash: dead letters kept now, by code
-- KEYS[3]  hash of the chain of receipts; its field `seq` is the number of the last one
--
-- Answers { time in microseconds as text, results as name, count, …, codes as name, count, …, number of the last receipt
--           or '0' }.
--
-- A script, so that in a cluster the clock is that of the server which holds the keys. Costs O(codes).
local time = redis.call('TIME')
return {
  string.format('%.0f', time[1] * 1000000 + time[2]),
  redis.call('HGETALL', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
  redis.call('HGET', KEYS[3], 'seq') or '0',
}
