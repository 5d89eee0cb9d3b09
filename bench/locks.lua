-- POST /api/orders from wrk: each order is another user's, one unit of a product drawn by lot, for a crowd does not take
-- turns. What was said to be sold out often enough nobody orders any more, and when nothing is left the run ends.
-- FIRST: number of the first product; PRODUCTS: how many; SOLD_OUT: so many 409 answers are enough for a product (0: never).
-- Ends in one line of JSON.
local first = tonumber(os.getenv("FIRST"))
local products = tonumber(os.getenv("PRODUCTS"))
local enough = tonumber(os.getenv("SOLD_OUT"))

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
math.randomseed(first)

local count = 0
local refusals = {}  -- of each product
local on_sale = {}   -- their numbers
for number = first, first + products - 1 do table.insert(on_sale, number) end
placed, sold_out, busy, other = 0, 0, 0, 0
local threads = {}

function setup(thread) table.insert(threads, thread) end

function request()
  count = count + 1
  local user = (count * 1103515245) % 2147483647 + 1  -- scattered, and none comes twice
  local product = #on_sale > 0 and on_sale[math.random(#on_sale)] or first
  return wrk.format(nil, nil, nil, string.format('{"userId":%d,"orderItems":[{"productId":%d,"quantity":1}]}', user, product))
end

local function refuse(product)
  sold_out = sold_out + 1
  refusals[product] = (refusals[product] or 0) + 1
  if refusals[product] ~= enough then return end
  for place, number in ipairs(on_sale) do
    if number == product then table.remove(on_sale, place) end
  end
  if #on_sale == 0 then wrk.thread:stop() end
end

function response(status, _, body)
  if status == 201 then placed = placed + 1
  elseif status == 409 and body:find('"SOLD_OUT"', 1, true) then refuse(tonumber(body:match('"productId":(%d+)')))
  elseif status == 503 then busy = busy + 1
  else other = other + 1 end
end

function done(summary, latency, requests)
  local thread = threads[1]
  print(string.format('{"seconds":%.6f,"placed":%d,"sold_out":%d,"busy":%d,"other":%d,"errors":%d,' ..
                      '"p50":%.3f,"p95":%.3f,"p99":%.3f}',
                      summary.duration / 1e6, thread:get("placed"), thread:get("sold_out"), thread:get("busy"),
                      thread:get("other"), summary.errors.connect + summary.errors.read + summary.errors.write +
                      summary.errors.timeout, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
                      latency:percentile(99) / 1e3))
end
