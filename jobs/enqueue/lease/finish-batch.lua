-- Records a batch of an import as done and forgets its jobs, if Redis has not gone back meanwhile.
--
-- KEYS[1]  hash of the import, see hold-import.lua
-- KEYS[2]  hash of jobs in batches that are under way, see begin-batch.lua
-- ARGV     token of the caller; the history that it saw before it sent the batch; number of entries done before the
--          batch, and after it; how far the import is now, as its text; then the ids of the batch's jobs
--
-- Answers 'done'; 'taken' when another process owns the import now; 'behind' when Redis has lost batches before this
-- one; 'again' when it restarted or failed over since the batch was sent, so that jobs of the batch may be missing.
-- Only 'done' changes anything, and it changes nothing a second time.
--
-- One script: if Redis goes back later, the record goes back no less far than the jobs. So a record that is there
-- proves that the jobs of its batches were there too. Cost: one command a job.
local token, history, before, after, done = unpack(ARGV, 1, 5)
local held = redis.call('HMGET', KEYS[1], 'owner', 'entries', 'done')
if not held[1] then return 'behind' end
if held[1] ~= token then return 'taken' end
-- The answer to an earlier try was lost.
if held[2] == after and held[3] == done then return 'done' end
if (held[2] or '0') ~= before then return 'behind' end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or ''
if run .. replication ~= history then return 'again' end
redis.call('HSET', KEYS[1], 'entries', after, 'done', done)
for i = 6, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i], 'told ' .. ARGV[i]) end
return 'done'
