-- One server's restatement of one product: the ledger it knows and what it has in flight; answers how many units
-- it may hand out. Facts are absolute, so hearing a call twice, late or after a loss of memory does no harm.
--
-- KEYS[1]  a hash: "ledger" = "version total committed", and for each server "seq units deadline settled"
-- ARGV     server, seq, wanted (-1: the round is over), now, lease, memory (ms), version, total, committed
local key, server = KEYS[1], ARGV[1]
local seq, wanted, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, memory = tonumber(ARGV[5]), tonumber(ARGV[6])
local version, total, committed = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local function text(...)
  local words = {}
  for i, number in ipairs({...}) do words[i] = string.format('%.0f', number) end
  return table.concat(words, ' ')
end

-- What is known: the newest ledger, the caller's last claim, and what the others have in flight.
local newer_ledger = true
local own_seq, own_settled = -1, 0
local in_flight = 0
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'ledger' then
    local known = {string.match(value, '^(%-?%d+) (%-?%d+) (%-?%d+)$')}
    if tonumber(known[1]) >= version then
      newer_ledger = false
      total, committed = tonumber(known[2]), tonumber(known[3])
    end
  else
    local claim = {string.match(value, '^(%-?%d+) (%-?%d+) (%-?%d+) (%d)$')}
    local deadline = tonumber(claim[3])
    if name == server then
      own_seq, own_settled = tonumber(claim[1]), tonumber(claim[4])
    elseif deadline + memory <= now then
      redis.call('HDEL', key, name)
    else
      -- Of a server whose clock is ahead; should it be gone, its units must not stay away until then.
      if deadline > now + lease then
        deadline = now + lease
        redis.call('HSET', key, name, text(claim[1], claim[2], deadline, claim[4]))
      end
      if deadline > now then in_flight = in_flight + tonumber(claim[2]) end
    end
  end
end
if newer_ledger then redis.call('HSET', key, 'ledger', text(version, total, committed)) end

local granted = 0
if wanted < 0 then
  if seq >= own_seq then redis.call('HSET', key, server, text(seq, 0, now, 1)) end
else
  granted = math.max(0, math.min(wanted, total - committed - in_flight))
  -- A claim that arrives behind the end of its own round is late and holds nothing.
  if seq > own_seq or (seq == own_seq and own_settled == 0) then
    redis.call('HSET', key, server, text(seq, granted, now + lease, 0))
  end
end
redis.call('PEXPIRE', key, memory)
return granted
