#include "drop/shop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "core/limits.hpp"
#include "core/random.hpp"
#include "drop/parallel.hpp"

namespace buyme::drop {

namespace {

[[noreturn]] void fail(std::string_view what, const Reply& reply) {
  if (reply.status == 0) throw DropError(fmt::format("{}: no answer", what));
  const std::string detail = string_member(reply.body, "detail");
  throw DropError(fmt::format("{}: the shop answered {} {}{}{}", what, reply.status, problem_code(reply.body),
                              detail.empty() ? "" : ": ", detail));
}

bool has_product(const SeenOrder& order, std::int64_t product_id) {
  return std::any_of(order.items.begin(), order.items.end(),
                     [&](const SeenItem& item) { return item.product_id == product_id; });
}

}  // namespace

Awaitable<Reply> Shop::ask(std::string request) {
  const Monotonic give_up_at = clock_.monotonic() + settings_.give_up;
  for (;;) {
    Reply reply = co_await exchange(pool_, request);
    const bool busy = reply.status == 0 || reply.status == 429 || reply.status == 503;
    if (!busy || clock_.monotonic() > give_up_at) co_return reply;
    std::chrono::nanoseconds wait = limits::drop_backoff;
    if (reply.retry_after_s) wait = std::chrono::seconds(*reply.retry_after_s);
    co_await clock_.sleep_for(wait);
  }
}

Awaitable<Reply> Shop::get(std::string path, std::string token) {
  std::string request = format_request(target_, {.method = "GET", .path = path, .token = token});
  co_return co_await ask(std::move(request));
}

Awaitable<Product> Shop::open_sale() {
  Reply reply;
  const bool existing = settings_.product_id.has_value();
  if (existing) {
    std::string path = fmt::format("/api/products/{}", *settings_.product_id);
    reply = co_await get(std::move(path), settings_.admin_token);
  } else {
    boost::json::object body{{"productName", "Rehearsal"},
                             {"productDescription", "Made by buyme drop; may be archived."},
                             {"productPrice", settings_.price},
                             {"productStock", settings_.stock},
                             {"productType", "NORMAL"}};
    if (settings_.per_user_limit > 0) body["perUserLimit"] = settings_.per_user_limit;
    const std::string text = boost::json::serialize(body);
    const std::string key = "rehearsal-" + secure_random_hex(8);  // a repeat makes no second product
    std::string request = format_request(target_, {.method = "POST",
                                                   .path = "/api/products",
                                                   .token = settings_.admin_token,
                                                   .idempotency_key = key,
                                                   .body = text});
    reply = co_await ask(std::move(request));
  }
  const auto product = parse_product(reply.body);
  if (reply.status != (existing ? 200 : 201) || !product) {
    fail(existing ? "finding the product" : "putting the product on sale (needs an admin)", reply);
  }
  co_return *product;
}

Awaitable<StockLevel> Shop::stock(std::int64_t product_id) {
  std::string path = fmt::format("/api/products/{}/stock", product_id);
  const Reply reply = co_await get(std::move(path), "");
  const auto level = parse_stock(reply.body);
  if (reply.status != 200 || !level) fail("reading the stock", reply);
  co_return *level;
}

Awaitable<void> Shop::append_list(std::vector<SeenOrder>& orders, std::string token, std::int64_t product_id,
                                  std::optional<Time> since) {
  std::string cursor;
  for (;;) {
    std::string path = fmt::format("/api/orders?limit={}", limits::page_max);
    if (!cursor.empty()) path += "&cursor=" + cursor;
    const Reply reply = co_await get(std::move(path), token);
    auto page = parse_order_page(reply.body);
    if (reply.status != 200 || !page) fail("listing the orders", reply);
    bool all_older = since.has_value() && !page->orders.empty();
    for (auto& order : page->orders) {
      const auto placed_at = parse_time(order.placed_at);
      all_older = all_older && placed_at && *placed_at < *since;
      if (has_product(order, product_id)) orders.push_back(std::move(order));
    }
    if (all_older || page->next_cursor.empty()) co_return;
    cursor = std::move(page->next_cursor);
  }
}

Awaitable<std::vector<SeenOrder>> Shop::orders(std::int64_t product_id, std::optional<Time> since) {
  std::vector<SeenOrder> orders;
  if (settings_.trusted || !settings_.admin_token.empty()) {
    co_await append_list(orders, settings_.admin_token, product_id, since);
    co_return orders;
  }
  auto list_of_one = [&](std::size_t buyer) {
    return append_list(orders, settings_.buyer_list[buyer].token, product_id, since);
  };
  co_await for_each_index(executor_, static_cast<std::size_t>(settings_.buyers), limits::drop_readers,
                          list_of_one);
  co_return orders;
}

Awaitable<std::vector<ReadBack>> Shop::read_back(const std::vector<Attempt>& attempts) {
  std::unordered_map<std::int64_t, std::string_view> tokens;
  for (const auto& buyer : settings_.buyer_list) tokens.emplace(buyer.user_id, buyer.token);
  struct Question {
    std::int64_t order_id;
    std::string token;
  };
  std::vector<Question> questions;
  std::unordered_set<std::int64_t> asked;
  for (const auto& attempt : attempts) {
    for (const auto& order : attempt.orders) {
      if (!asked.insert(order.order_id).second) continue;
      const auto token = settings_.trusted ? std::string_view() : tokens[attempt.user_id];
      questions.push_back({order.order_id, std::string(token)});
    }
  }

  std::vector<ReadBack> answers(questions.size());
  auto read_one = [&](std::size_t index) -> Awaitable<void> {
    std::string path = fmt::format("/api/orders/{}", questions[index].order_id);
    const Reply reply = co_await get(std::move(path), questions[index].token);
    ReadBack& answer = answers[index];
    answer.order_id = questions[index].order_id;
    if (reply.status == 200) answer.order = parse_order(reply.body);
    if (!answer.order) answer.problem = fmt::format("answered {} {}", reply.status, problem_code(reply.body));
  };
  co_await for_each_index(executor_, questions.size(), limits::drop_readers, read_one);
  co_return answers;
}

}  // namespace buyme::drop
