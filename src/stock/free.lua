-- What the gate could grant of one product now, to a server that has nothing in flight. Changes nothing.
--
-- KEYS[1]  as in reserve.lua
-- ARGV     now (ms), and the ledger that the caller knows: version, total, committed
local now = tonumber(ARGV[1])
local version, total, committed = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local in_flight = 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'ledger' then
    local known = {string.match(value, '^(%-?%d+) (%-?%d+) (%-?%d+)$')}
    if tonumber(known[1]) >= version then total, committed = tonumber(known[2]), tonumber(known[3]) end
  else
    local claim = {string.match(value, '^(%-?%d+) (%-?%d+) (%-?%d+) (%d)$')}
    if tonumber(claim[3]) > now then in_flight = in_flight + tonumber(claim[2]) end
  end
end
return math.max(0, total - committed - in_flight)
