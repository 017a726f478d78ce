-- Writes an entry that ends no job into the log of receipts: KEYS, ARGV and answer as for writeOnce in log.lua, behind which
-- it is joined.
return (writeOnce())
