-- Shared by the scripts that write into the log of receipts; joined behind time.lua.
--
-- The log is a stream. An entry has the id `<number>-<epoch ms>` and two fields: its text and the signature of its
-- sealer (raw). The hash of the log holds the last number in its field `seq`, and in `written` which entries that end no
-- job were written last.

-- Clocks of Redis and of a sealer may differ by this much, see CLOCKS_APART_MS in entry.ts.
local CLOCKS_APART_MS = 600000

-- Whether an entry was sealed for another fleet than this Redis holds now, or with another key than the fleet's. So
-- nothing is written with a former key once it was changed.
local function isForeign(keys, entry)
  if redis.call('GET', keys.fleetId) ~= entry.fleetId then return true end
  local key = redis.call('HGET', keys.fleet, 'key')
  return key and key ~= entry.keyId
end

-- Appends an entry. Its number follows the last one. Its time is that of this server, or the sealer's where the two are
-- far apart, so that a clock that jumps looks like no change of the log. Answers the id, or nothing and an error.
local function writeEntry(keys, entry)
  local now, sealedAt = nowMs(), tonumber(entry.time)
  local at = math.abs(now - sealedAt) > CLOCKS_APART_MS and sealedAt or now
  local seq = (tonumber(redis.call('HGET', keys.log, 'seq')) or 0) + 1
  local function add() return redis.pcall('XADD', keys.receipts, text(seq) .. '-' .. text(at), 'e', entry.text, 's', entry.signature) end
  local added = add()
  if type(added) == 'table' and added.err then
    -- The hash was lost or set back, but the stream was not. No job may wait for a repair; the keeper of the log finds
    -- what does not fit.
    local newest = redis.call('XREVRANGE', keys.receipts, '+', '-', 'COUNT', 1)[1]
    seq = (newest and tonumber(string.match(newest[1], '^%d+')) or 0) + 1
    added = add()
    if type(added) == 'table' and added.err then return nil, added.err end
  end
  redis.call('HSET', keys.log, 'seq', text(seq))
  return added
end

-- Reads an entry from ARGV: five values from `first` on, see entryArguments in write-entry.ts, and the proof of a receipt.
local function entryFrom(first)
  local values = { unpack(ARGV, first, first + 5) }
  return {
    text = values[1], signature = values[2], time = values[3], keyId = values[4], fleetId = values[5], proof = values[6],
  }
end

-- Some 170 entries: more than are under way while a connection is lost.
local WRITTEN_LENGTH = 8192

-- Writes an entry that ends no job. The driver sends a script again whose answer was lost, so an entry is written once:
-- a second time it gives the first answer. The scripts that do so have
--
-- KEYS[1]  stream of receipts
-- KEYS[2]  hash of the log
-- KEYS[3]  id of the fleet
-- ARGV[1…5] the entry, see entryFrom
-- ARGV[6]  key of the fleet's state (hash). Not among KEYS: a producer may only read it, and Redis wants the right to
--          write all KEYS
--
-- Answers { 'written', id }, or 'foreign' (see isForeign, and nothing was written); and whether it was written now.
local function writeOnce()
  local keys, entry = { receipts = KEYS[1], log = KEYS[2], fleetId = KEYS[3], fleet = ARGV[6] }, entryFrom(1)
  -- Lets the rest through where the memory is full, see ledger.lua.
  redis.call('PERSIST', keys.log)
  local mark, before = redis.sha1hex(entry.text), redis.call('HGET', keys.log, 'written') or ''
  local was = string.match(before, mark .. ' (%d+%-%d+)')
  if was then return { 'written', was }, false end
  if isForeign(keys, entry) then return 'foreign', false end
  local id, failed = writeEntry(keys, entry)
  if failed then error(failed) end
  redis.call('HSET', keys.log, 'written', string.sub(mark .. ' ' .. id .. ' ' .. before, 1, WRITTEN_LENGTH))
  return { 'written', id }, true
end
