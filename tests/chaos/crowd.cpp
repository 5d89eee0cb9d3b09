#include "chaos/crowd.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>
#include <set>

#include "db/sqlite.hpp"

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
    if (!place(purchase)) return;
    if (purchase.plan == Purchase::Plan::walk_away) {
      purchase.ending = Ending::unpaid;
    } else if (purchase.plan == Purchase::Plan::cancel) {
      cancel(purchase);
    } else {
      pay(purchase);
    }
  }

 private:
  bool place(Purchase& purchase) {
    const HttpReply reply = until_answered("/api/orders", order_body(purchase.product, purchase.quantity),
                                           {{"Idempotency-Key", purchase.key}});
    if (reply.status == 409 && (reply.code() == "SOLD_OUT" || reply.code() == "LIMIT_EXCEEDED")) {
      purchase.ending = Ending::refused;
      return false;
    }
    if (reply.status != 201) return unexpected(purchase, reply);
    ++crowd_.placements_;
    purchase.placed = reply.body;
    purchase.order = reply.integer("orderId");
    return true;
  }

  bool cancel(Purchase& purchase) {
    const HttpReply reply = until_answered(order_path(purchase.order, "cancel"), "", {});
    if (reply.status != 200) return unexpected(purchase, reply);
    purchase.ending = Ending::canceled;
    return true;
  }

  bool pay(Purchase& purchase) {
    for (int declined = 0; declined < payment_tries;) {
      const HttpReply reply = until_answered(order_path(purchase.order, "attempt-payment"), "", {});
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
      if (reply.status != 200 && !paid_before) return unexpected(purchase, reply);
      purchase.ending = Ending::paid;
      return true;
    }
    return cancel(purchase);
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
        if (reply.status != 503) return reply;
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

  bool unexpected(const Purchase& purchase, const HttpReply& reply) {
    crowd_.complain(
        fmt::format("{} (order {}): {} {}", purchase.key, purchase.order, reply.status, reply.body));
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

std::vector<Purchase> make_purchases(const std::vector<Account>& accounts, std::int64_t product,
                                     std::string_view name, Random& random) {
  std::vector<Purchase> purchases;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    Purchase purchase;
    purchase.account = accounts[i];
    purchase.key = fmt::format("{}-{}", name, i);
    purchase.product = product;
    if (random.chance(0.1)) purchase.plan = Purchase::Plan::walk_away;
    if (random.chance(0.1)) purchase.plan = Purchase::Plan::cancel;
    purchases.push_back(std::move(purchase));
  }
  return purchases;
}

namespace {

// What must never change in an order once its buyer was told of it.
void expect_same_order(const json::object& told, const json::object& found) {
  for (const auto* member : {"orderId", "userId", "orderDate", "orderAmount"}) {
    EXPECT_EQ(told.at(member), found.at(member)) << member;
  }
  const auto& told_items = told.at("orderItems").as_array();
  const auto& found_items = found.at("orderItems").as_array();
  ASSERT_EQ(told_items.size(), found_items.size());
  for (std::size_t i = 0; i < told_items.size(); ++i) {
    for (const auto* member : {"orderItemId", "productId", "quantity", "price"}) {
      EXPECT_EQ(told_items[i].at(member), found_items[i].at(member)) << member;
    }
  }
}

bool is_status_of(Ending ending, std::string_view status) {
  switch (ending) {
    case Ending::paid:
      return status == "PAID";
    case Ending::canceled:
      return status == "CANCELED";
    case Ending::unpaid:
      return status == "PENDING";
    case Ending::open:
    case Ending::refused:
      return false;
  }
  return false;
}

}  // namespace

void expect_as_told(HttpClient& admin, std::int64_t product, std::int64_t total,
                    const std::vector<Purchase>& purchases) {
  std::int64_t held = 0, sold = 0;
  for (const auto& purchase : purchases) {
    SCOPED_TRACE(fmt::format("{}, order {}", purchase.key, purchase.order));
    EXPECT_NE(purchase.ending, Ending::open);
    if (purchase.order == 0) continue;
    const HttpReply reply = admin.get(order_path(purchase.order));
    ASSERT_EQ(reply.status, 200) << reply.body << "\nwas promised: " << purchase.placed;
    expect_same_order(json::parse(purchase.placed).as_object(), reply.json());
    EXPECT_TRUE(is_status_of(purchase.ending, reply.text("orderStatus"))) << reply.body;
    if (purchase.ending == Ending::paid) sold += purchase.quantity;
    if (purchase.ending == Ending::unpaid) held += purchase.quantity;
  }
  const HttpReply stock = admin.get(fmt::format("/api/products/{}/stock", product));
  ASSERT_EQ(stock.status, 200) << stock.body;
  EXPECT_EQ(stock.integer("total"), total);
  EXPECT_LE(held + sold, total) << "oversold";
  EXPECT_EQ(stock.integer("held"), held) << stock.body;
  EXPECT_EQ(stock.integer("sold"), sold) << stock.body;
  EXPECT_EQ(stock.integer("available"), total - held - sold) << stock.body;
}

void expect_books(const std::filesystem::path& directory, const std::vector<Purchase>& purchases) {
  const AuditResult audit = audit_shop(directory);
  EXPECT_EQ(audit.status, 0) << audit.text;

  std::set<std::int64_t> orders;
  std::int64_t paid = 0, placed = 0;
  for (const auto& purchase : purchases) {
    if (purchase.order == 0) continue;
    ++placed;
    orders.insert(purchase.order);
    if (purchase.ending == Ending::paid) ++paid;
  }
  EXPECT_EQ(std::ssize(orders), placed) << "two buyers were given the same order";
  const db::Sqlite shop((directory / "order.sqlite").string(), db::Access::read_write);
  EXPECT_EQ(shop.query_integer("SELECT count(*) FROM orders"), placed) << "orders that nobody was told of";

  // Counted in the provider's own book, as the buyers' bank statements would show it.
  const db::Sqlite provider((directory / "provider.sqlite").string(), db::Access::read_write);
  const std::string kept =
      "FROM charges c WHERE outcome = 1 AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.charge_key = "
      "c.charge_key)";
  EXPECT_EQ(provider.query_integer("SELECT count(*) " + kept), paid);
  EXPECT_EQ(provider.query_integer("SELECT count(*) FROM (SELECT 1 " + kept +
                                   " GROUP BY order_id HAVING count(*) > 1)"),
            0)
      << "charged twice";
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
