-- KEYS[1]  the lock: the token of its holder
-- KEYS[2]  the last fencing token given for it
-- ARGV     what, token, then
--            take     lease (ms), floor: the fencing token, or 0: somebody else holds it
--            renew    lease (ms): 1, or 0: it is not the token's any more
--            release  channel, name: likewise
local what, token = ARGV[1], ARGV[2]
local holder = redis.call('GET', KEYS[1])
if what == 'take' then
  if holder == token then return tonumber(redis.call('GET', KEYS[2])) end  -- whose answer was lost
  if not redis.call('SET', KEYS[1], token, 'NX', 'PX', ARGV[3]) then return 0 end
  local fence = redis.call('INCR', KEYS[2])
  if fence < tonumber(ARGV[4]) then
    fence = tonumber(ARGV[4])
    redis.call('SET', KEYS[2], ARGV[4])
  end
  return fence
end
if holder ~= token then return 0 end
if what == 'renew' then return redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
