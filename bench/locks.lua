-- POST /api/orders from wrk, each order of another user, one unit of one of several products in turn.
-- FIRST: number of the first product; PRODUCTS: how many; SOLD_OUT: end after so many 409 answers (0: never).
-- Ends in one line of JSON.
local first = tonumber(os.getenv("FIRST"))
local products = tonumber(os.getenv("PRODUCTS"))
local enough = tonumber(os.getenv("SOLD_OUT"))

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local count = 0
placed, sold_out, busy, other = 0, 0, 0, 0
local threads = {}

function setup(thread) table.insert(threads, thread) end

function request()
  count = count + 1
  local user = (count * 1103515245) % 2147483647 + 1  -- scattered, and none comes twice
  return wrk.format(nil, nil, nil, string.format('{"userId":%d,"orderItems":[{"productId":%d,"quantity":1}]}', user,
                                                 first + count % products))
end

function response(status)
  if status == 201 then placed = placed + 1
  elseif status == 409 then
    sold_out = sold_out + 1
    if sold_out == enough then wrk.thread:stop() end
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
