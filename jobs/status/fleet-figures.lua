-- Reads the fleet's figures that are no part of its status, and this server's clock, in one round trip.
--
-- KEYS[1]  hash: accounts enqueued so far, by result
-- KEYS[2]  hash: dead letters kept now, by code
-- KEYS[3]  hash of the log of receipts: `seq` (number of the last entry), `head` (signed head), `broken` (if it is)
--
-- Answers { time in microseconds as text, results as name, count, …, codes as name, count, …, number of the last entry
--           or '0', the signed head or '', '1' if the log is broken }.
--
-- A script, so that in a cluster the clock is that of the server which holds the keys. Costs O(codes).
local time = redis.call('TIME')
local log = redis.call('HMGET', KEYS[3], 'seq', 'head', 'broken')
return {
  string.format('%.0f', time[1] * 1000000 + time[2]),
  redis.call('HGETALL', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
  log[1] or '0',
  log[2] or '',
  log[3] and '1' or '0',
}
