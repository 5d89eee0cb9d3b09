-- POST /api/orders from wrk. PRODUCT: product id; USERS: one|distinct; EXPECT: the status that is right;
-- TOKENS: a CSV of userId,token, to send bearer tokens instead of user ids.
local product = os.getenv("PRODUCT")
local users = os.getenv("USERS")
local expect = tonumber(os.getenv("EXPECT"))
local tokens = os.getenv("TOKENS")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local count = 0
local ready = {}
unexpected = 0
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init()
  if tokens then
    local body = string.format('{"orderItems":[{"productId":%s,"quantity":1}]}', product)
    for line in io.lines(tokens) do
      local token = line:match("^%d+,(.+)$")
      if token then
        table.insert(ready, wrk.format(nil, nil, {["Content-Type"] = "application/json",
                                                 ["Authorization"] = "Bearer " .. token}, body))
      end
    end
  end
end

function request()
  count = count + 1
  if tokens then return ready[count % #ready + 1] end
  local user = 1
  -- a permutation of the numbers below 2^31 - 1, so that users come scattered and none comes twice
  if users == "distinct" then user = (count * 1103515245) % 2147483647 + 1 end
  return wrk.format(nil, nil, nil, string.format('{"userId":%d,"orderItems":[{"productId":%s,"quantity":1}]}', user, product))
end

function response(status)
  if status ~= expect then unexpected = unexpected + 1 end
end

function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("unexpected") end
  print("unexpected: " .. sum)
end
