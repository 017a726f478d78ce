-- Writes an entry that ends no job into the log of receipts. Joined behind log.lua.
--
-- KEYS     see writeOnce in log.lua
-- ARGV     the entry, see entryFrom in log.lua
--
-- Answers as writeOnce does.
return (writeOnce(entryFrom(1)))
