-- Attempts of several servers, counted as AttemptLimiter counts those of one: a name's value is the time (ms) at
-- which none of its attempts counts any more.
--
-- KEYS     a key for each name
-- ARGV     now (ms); then for each name what it takes to forget one attempt, and the window (ms)
-- Answers  {0, 0}: each is counted; {i, wait in ms}: the i-th must wait, and none is counted
local now = tonumber(ARGV[1])
local forgiven = {}
for i, key in ipairs(KEYS) do
  local one, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local at = math.max(tonumber(redis.call('GET', key) or '0'), now) + one
  if at - now > window then return {i, at - now - window} end
  forgiven[i] = at
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%d', forgiven[i]), 'PX', forgiven[i] - now)
end
return {0, 0}
