-- Counts jobs as accepted by the requests that their data names, each job once, however often it is asked. Joined behind
-- ledger.lua.
--
-- ARGV[1]…  job ids
--
-- Answers nothing of use. A job that is gone was counted when it was settled. One script, so that mark and count cannot
-- part. Cost: two commands a job without a request or counted before, five more for the others.
for _, jobId in ipairs(ARGV) do
  local jobKey = QUEUE .. jobId
  local job = redis.call('HMGET', jobKey, 'data', 'timestamp', 'counted')
  if job[1] and not job[3] then
    local parsed, data = pcall(cjson.decode, job[1])
    -- Whatever else is in the queue was not put there by the caller.
    if parsed and type(data) == 'table' and type(data.request) == 'string' then
      countAccepted(jobKey, data.request, job[2])
    end
  end
end
return 0
