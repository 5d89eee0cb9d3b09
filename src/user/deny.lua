-- Tells all servers of denials, and keeps them for those who are not listening.
--
-- KEYS[1]  a sorted set: "s:SESSION" or "u:USER" by the time (ms) until which it is denied
-- ARGV     channel, sender, the time before which entries are forgotten, then (until, entry) pairs
local message = {ARGV[2]}
for i = 4, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[i], ARGV[i + 1])
  message[#message + 1] = ARGV[i] .. ' ' .. ARGV[i + 1]
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('PUBLISH', ARGV[1], table.concat(message, '\n'))
return 1
