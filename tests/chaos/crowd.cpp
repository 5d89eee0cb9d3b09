#include "chaos/crowd.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>

#include "audit/snapshot.hpp"
#include "drop/orders_json.hpp"
#include "support/testimony.hpp"

namespace buyme::test {

namespace {

using Wall = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{20};  // until a final answer; past it the shop hangs
constexpr std::chrono::milliseconds pause_when_down{5};
constexpr std::chrono::milliseconds pause_when_busy{20};
constexpr int payment_tries = 3;

}  // namespace

// One thread's view of the shop.
class Crowd::Buyer {
 public:
  Buyer(Crowd& crowd, const std::atomic<std::uint16_t>& port) : crowd_(crowd), port_(port) {}

  void pursue(Purchase& purchase) {
    client_.reset();
    token_ = purchase.account.token;
    if (!place(purchase.attempt)) return;
    if (purchase.plan == Purchase::Plan::cancel) cancel(purchase.attempt);
    if (purchase.plan == Purchase::Plan::pay) pay(purchase.attempt);
  }

 private:
  bool place(drop::Attempt& attempt) {
    const auto& line = attempt.lines.front();
    const HttpReply reply = until_answered("/api/orders", order_body(line.product_id, line.quantity),
                                           {{"Idempotency-Key", attempt.key}});
    if (reply.status == 409 && reply.code() == "SOLD_OUT") {
      attempt.outcome = drop::Outcome::sold_out;
      ++attempt.sold_out_answers;
      return false;
    }
    if (reply.status == 409 && reply.code() == "LIMIT_EXCEEDED") {
      attempt.outcome = drop::Outcome::limit_exceeded;
      return false;
    }
    auto order = drop::parse_order(reply.body);
    if (reply.status != 201 || !order) {
      attempt.outcome = drop::Outcome::refused;
      return unexpected(attempt, reply);
    }
    ++crowd_.placements_;
    attempt.outcome = drop::Outcome::ordered;
    attempt.orders.push_back(std::move(*order));
    return true;
  }

  bool cancel(drop::Attempt& attempt) {
    attempt.may_be_canceled = true;
    const HttpReply reply = until_answered(order_path(attempt.orders.front().order_id, "cancel"), "", {});
    if (reply.status != 200) return unexpected(attempt, reply);
    attempt.canceled = true;
    return true;
  }

  bool pay(drop::Attempt& attempt) {
    const std::string path = order_path(attempt.orders.front().order_id, "attempt-payment");
    attempt.payment = drop::PaymentSeen::undecided;
    for (int declined = 0; declined < payment_tries;) {
      const HttpReply reply = until_answered(path, "", {});
      ++crowd_.payments_;
      if (reply.status == 402) {
        ++declined;
        continue;
      }
      const std::string code = reply.code();
      if (code == "PAYMENT_IN_PROGRESS") {  // the attempt whose answer was lost is being settled
        std::this_thread::sleep_for(pause_when_busy);
        continue;
      }
      const bool paid_before = code == "ILLEGAL_STATE" && reply.text("state") == "PAID";
      if (reply.status != 200 && !paid_before) return unexpected(attempt, reply);
      attempt.payment = drop::PaymentSeen::paid;
      return true;
    }
    attempt.payment = drop::PaymentSeen::declined;
    return cancel(attempt);
  }

  // Repeats the same request until the shop has something to say to it.
  HttpReply until_answered(std::string_view path, std::string_view body, const Headers& headers) {
    const auto latest = Wall::now() + patience;
    while (Wall::now() < latest) {
      try {
        if (!client_ || connected_to_ != port_) {
          connected_to_ = port_;
          client_.emplace(connected_to_, token_);
        }
        HttpReply reply = client_->post(path, body, headers);
        if (!asks_to_repeat(reply)) return reply;
        crowd_.count_unavailable(reply);
        std::this_thread::sleep_for(pause_when_busy);
      } catch (const NoAnswer& gone) {
        if (std::string_view(gone.what()).starts_with("receive")) ++crowd_.cut_;
        client_.reset();
        std::this_thread::sleep_for(pause_when_down);
      }
    }
    throw std::runtime_error(fmt::format("no final answer to {} within {} s", path, patience.count()));
  }

  // 503 of the shop; the gateway says 502 and 504, too, of a server that it cannot reach or hears nothing of.
  static bool asks_to_repeat(const HttpReply& reply) { return reply.status > 501 && reply.status < 505; }

  bool unexpected(const drop::Attempt& attempt, const HttpReply& reply) {
    const std::int64_t order = attempt.orders.empty() ? 0 : attempt.orders.front().order_id;
    crowd_.complain(fmt::format("{} (order {}): {} {}", attempt.key, order, reply.status, reply.body));
    return false;
  }

  Crowd& crowd_;
  const std::atomic<std::uint16_t>& port_;
  std::uint16_t connected_to_ = 0;
  std::string token_;
  std::optional<HttpClient> client_;
};

void Crowd::start(const std::atomic<std::uint16_t>& port, std::size_t threads) {
  running_ = static_cast<int>(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, &port] {
      try {
        Buyer buyer(*this, port);
        for (std::size_t mine = next_++; mine < purchases_.size() && !leaving_; mine = next_++) {
          purchases_[mine].begun = true;
          buyer.pursue(purchases_[mine]);
        }
      } catch (const std::exception& error) {
        complain(error.what());
      }
      --running_;
    });
  }
}

void Crowd::wait() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Crowd::complain(std::string what) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(std::move(what));
}

void Crowd::count_unavailable(const HttpReply& reply) {
  if (reply.header("retry-after").empty()) complain("a 503 without Retry-After: " + reply.body);
  const std::lock_guard lock(mutex_);
  ++unavailable_codes_[reply.code()];
  ++unavailable_;
}

std::map<std::string, int> Crowd::unavailable_codes() const {
  const std::lock_guard lock(mutex_);
  return unavailable_codes_;
}

std::vector<std::string> Crowd::complaints() const {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

Purchase make_purchase(const Account& account, std::string key, std::int64_t product) {
  Purchase purchase;
  purchase.account = account;
  purchase.attempt.key = std::move(key);
  purchase.attempt.user_id = account.user;
  purchase.attempt.lines = {{product, 1}};
  return purchase;
}

std::vector<Purchase> make_purchases(const std::vector<Account>& accounts, std::int64_t product,
                                     std::string_view name, Random& random) {
  std::vector<Purchase> purchases;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    Purchase purchase = make_purchase(accounts[i], fmt::format("{}-{}", name, i), product);
    if (random.chance(0.1)) purchase.plan = Purchase::Plan::walk_away;
    if (random.chance(0.1)) purchase.plan = Purchase::Plan::cancel;
    purchases.push_back(std::move(purchase));
  }
  return purchases;
}

namespace {

drop::Observed observed(const std::vector<Purchase>& purchases) {
  drop::Observed clients;
  clients.attempts.reserve(purchases.size());
  for (const auto& purchase : purchases) {
    if (purchase.begun) clients.attempts.push_back(purchase.attempt);
  }
  return clients;
}

// One line for each, so that a failure can be read.
void expect_none(const std::vector<std::string>& broken) {
  EXPECT_TRUE(broken.empty()) << fmt::format("{}", fmt::join(broken, "\n"));
}

}  // namespace

drop::ProductView put_up(std::int64_t product, std::int64_t total, std::int64_t per_user_limit) {
  return {.product_id = product,
          .per_user_limit = per_user_limit,
          .before = {.total = total, .available = total}};
}

void expect_as_told(HttpClient& admin, const drop::ProductView& product,
                    const std::vector<Purchase>& purchases) {
  const drop::Observed clients = observed(purchases);
  drop::ShopView shown{.products = {product}};
  const HttpReply stock = admin.get(fmt::format("/api/products/{}/stock", product.product_id));
  const auto level = drop::parse_stock(stock.body);
  ASSERT_TRUE(level) << stock.body;
  shown.products[0].stock = *level;
  for (const auto& attempt : clients.attempts) {
    for (const auto& told : attempt.orders) {
      const HttpReply reply = admin.get(order_path(told.order_id));
      const auto order = drop::parse_order(reply.body);
      shown.read_back.push_back({told.order_id, order, reply.body});
      if (order) shown.orders.push_back(*order);
    }
  }
  shown.read_at = make_system_clock()->now();
  std::vector<std::string> broken;
  for (const auto& check : drop::check(clients, shown)) {
    if (!check.passed) broken.push_back(fmt::format("{}: {}", check.name, check.detail));
  }
  expect_none(broken);
}

void expect_books(const std::filesystem::path& directory, const std::vector<drop::ProductView>& products,
                  const std::vector<Purchase>& purchases) {
  const audit::Books books = audit::read_books(audit::Snapshot(directory), make_system_clock()->now());
  expect_none(broken_promises(observed(purchases), view_of(books, products), books));
}

std::uint64_t chaos_seed() {
  const char* given = std::getenv("BUYME_CHAOS_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::stoull(given) : static_cast<std::uint64_t>(std::time(nullptr));
  std::cout << "repeat with BUYME_CHAOS_SEED=" << seed << std::endl;
  return seed;
}

int chaos_rounds(int normal) {
  const char* given = std::getenv("BUYME_CHAOS_ROUNDS");
  return given != nullptr ? std::stoi(given) : normal;
}

}  // namespace buyme::test
