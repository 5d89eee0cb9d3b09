-- One attempt of each name does not count: see attempts.lua.
--
-- KEYS     a key for each name
-- ARGV     now (ms); then for each name what it takes to forget one attempt (ms)
local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local at = tonumber(redis.call('GET', key) or '0') - tonumber(ARGV[i + 1])
  if at > now then
    redis.call('SET', key, string.format('%d', at), 'PX', at - now)
  else
    redis.call('DEL', key)
  end
end
return 1
