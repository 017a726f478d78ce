-- Counts jobs as accepted by the requests that their data names. Counting a job again changes nothing. Joined behind
-- counts.lua.
--
-- ARGV[1]…  job ids
--
-- Answers 0. A job that is gone was counted when it was settled. One script, so that mark and count cannot part. Cost:
-- one command for a job without a request or counted before, up to seven for any other.
for _, jobId in ipairs(ARGV) do
  local jobKey = QUEUE .. jobId
  local job = redis.call('HMGET', jobKey, 'data', 'timestamp', 'counted')
  if job[1] and not job[3] then
    local parsed, data = pcall(cjson.decode, job[1])
    -- Skips data that another program wrote, and jobs without a request.
    if parsed and type(data) == 'table' and type(data.request) == 'string' then
      countAccepted(jobKey, data.request, job[2])
    end
  end
end
return 0
