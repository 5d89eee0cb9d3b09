// Two servers over one MariaDB and one Redis: one of them is killed, stands still, or has a clock of its own;
// or both are told to end the same orders at once.
#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <thread>

#include "chaos/shared_shop.hpp"
#include "core/limits.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;

class SharedServers : public SharedShop {
 protected:
  void end_all_at_both() {
    constexpr int orders = 40;
    const std::string round = fmt::format("end{}", ++ended_);
    const std::int64_t product = put_up_for_sale(orders, 1);
    std::vector<Purchase> purchases;
    for (int i = 0; i < orders; ++i) {
      purchases.push_back(make_purchase(accounts.buyers[static_cast<std::size_t>(i)],
                                        fmt::format("{}-{}", round, i), product));
      purchases.back().plan = Purchase::Plan::walk_away;
    }
    Crowd crowd(purchases);
    crowd.start(ports[0], 8);
    crowd.wait();
    ASSERT_EQ(crowd.placements(), orders);
    purchases = crowd.purchases();

    // Each order meets both servers: a cancel at one, a payment at the other, and its expiry a moment later.
    std::this_thread::sleep_for(milliseconds{1'600});
    std::vector<std::thread> callers;
    std::mutex mutex;
    for (std::size_t caller = 0; caller < 2 * servers; ++caller) {
      callers.emplace_back([&, caller] {
        const std::size_t at = caller % servers;
        const bool cancels = caller < servers;
        for (std::size_t i = 0; i < purchases.size(); ++i) {
          if (cancels && i % 4 == 0) continue;  // these are left to payment and expiry
          Purchase& purchase = purchases[i];
          HttpClient client(ports[at], purchase.account.token);
          const std::int64_t order = purchase.attempt.orders.front().order_id;
          const HttpReply reply = client.post(order_path(order, cancels ? "cancel" : "attempt-payment"));
          const std::lock_guard lock(mutex);
          purchase.attempt.may_be_canceled = purchase.attempt.may_be_canceled || cancels;
          purchase.attempt.may_be_paid = true;
          EXPECT_LT(reply.status, 500) << reply.body;
        }
      });
    }
    for (auto& caller : callers) caller.join();
    std::this_thread::sleep_for(milliseconds{3'000});  // the rest expires
    remember(product, purchases);
    count_round("both end the same orders", true, until_served());
    expect_sound_books("both end the same orders");
    HttpClient here = admin(0), there = admin(1);
    const std::string path = fmt::format("/api/products/{}/stock", product);
    EXPECT_EQ(here.get(path).body, there.get(path).body);
    EXPECT_EQ(here.get(path).integer("held"), 0) << "a hold outlives its order";
  }

 private:
  int ended_ = 0;
};

TEST_F(SharedServers, SellEachUnitOnceAndKeepTheLimitTogether) {
  sell_while("none", [](Random&) {});
  for (auto& shop : shops) EXPECT_EQ(shop->stop(), 0) << shop->errors();
}

// Whoever has put something up for sale asks any server about it, and sends others there.
TEST_F(SharedServers, WhatOnePutsUpForSaleTheOtherKnowsAtOnce) {
  open();
  HttpClient here = admin(0), there = shops[1]->client();
  for (int i = 0; i < 10; ++i) {
    const std::int64_t product = make_product(here, stock);
    EXPECT_EQ(there.get(fmt::format("/api/products/{}/stock", product)).integer("available"), stock);
  }
  EXPECT_EQ(there.get("/api/products/4711/stock").status, 404);
}

TEST_F(SharedServers, OneIsKilledAndComesBack) {
  sell_while("a server is killed", [this](Random& random) {
    const std::size_t one = random.below(servers);
    shops[one]->kill();
    std::this_thread::sleep_for(milliseconds{random.below(300)});
    start(one);
  });
}

// Longer than its claims, its leases, its sessions' patience and the others' waiting for its locks: what it
// was about to do when it fell asleep must not be done over what the other has done meanwhile.
TEST_F(SharedServers, OneStandsStillAndWakesUp) {
  sell_while("a server stands still", [this](Random& random) {
    const ShopProcess& one = *shops[random.below(servers)];
    one.signal(SIGSTOP);
    std::this_thread::sleep_for(milliseconds{5'500 + random.below(6'000)});
    one.signal(SIGCONT);
  });
}

// By libfaketime, in one process; its monotonic clock goes on as it did.
TEST_F(SharedServers, OneHasAClockThatJumps) {
  const std::string library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  ASSERT_TRUE(std::filesystem::exists(library)) << "tools/setup.sh test installs the package faketime";
  const TempDir place;
  const std::string offset = place.file("offset");
  const auto jump = [&](std::int64_t seconds) {
    std::ofstream(offset + ".new") << fmt::format("{:+}s\n", seconds);
    std::filesystem::rename(offset + ".new", offset);  // it is read whole, at each look at the clock
  };
  jump(0);
  environment[0] = {"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + offset, "FAKETIME_NO_CACHE=1",
                    "FAKETIME_DONT_FAKE_MONOTONIC=1", "ASAN_OPTIONS=verify_asan_link_order=0"};
  sell_while("a server's clock jumps", [&](Random& random) {
    constexpr std::int64_t farthest = 90;  // past claims, leases and the gate's memory; not past holds
    const auto seconds = static_cast<std::int64_t>(random.below(2 * farthest + 1)) - farthest;
    jump(seconds);
    if (std::abs(seconds) > 3) {
      EXPECT_TRUE(says_of_itself(0, 503)) << "nobody hears of its clock";
    }
    EXPECT_TRUE(says_of_itself(1, 200));
  });
}

// Expiry, cancels and payments of the same orders, told to both servers in the same moment. Whoever comes
// first ends an order, and its unit comes back once.
TEST_F(SharedServers, BothEndTheSameOrdersAtOnce) {
  settings = {"BUYME_ORDER_HOLD_SECONDS=2", "BUYME_ORDER_PAYMENT_GRACE_SECONDS=1"};
  open();
  for (int left = rounds_of_each_fault(); left > 0 && !HasFailure(); --left) end_all_at_both();
}

// No message goes from server to server: each reads the ledgers anew several times a second.
TEST_F(SharedServers, WhatOneSellsTheOtherShowsInAMoment) {
  open();
  const std::int64_t product = put_up_for_sale(1'000, 0);
  HttpClient here(ports[0], accounts.buyers[0].token), there(ports[1]);
  const std::string path = fmt::format("/api/products/{}/stock", product);
  while (there.get(path).status != 200) std::this_thread::sleep_for(milliseconds{1});
  std::vector<milliseconds> ages;
  for (int sold = 1; sold <= 20; ++sold) {
    ASSERT_EQ(here.post("/api/orders", order_body(product)).status, 201);
    const auto since = std::chrono::steady_clock::now();
    while (there.get(path).integer("held") < sold) std::this_thread::sleep_for(milliseconds{1});
    ages.push_back(std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - since));
  }
  std::ranges::sort(ages);
  std::cout << fmt::format("shown after {} ms, {} ms at most\n", ages[ages.size() / 2].count(),
                           ages.back().count());
  EXPECT_LT(ages[ages.size() / 2], limits::ledger_freshness);
}

TEST_F(SharedServers, WrongPasswordsAreCountedTogether) {
  open();
  const auto guess = [this](std::size_t server) {
    HttpClient client(ports[server]);
    return client.post("/api/auth/login",
                       R"({"userEmail":"kim@example.com","userPassword":"a wrong guess"})");
  };
  int wrong = 0;
  HttpReply reply;
  for (std::size_t tries = 0; tries < 2 * limits::login_failures && reply.status != 429; ++tries) {
    reply = guess(tries % servers);
    wrong += reply.status == 401 ? 1 : 0;
  }
  EXPECT_EQ(reply.status, 429) << reply.body;
  EXPECT_LE(wrong, limits::login_failures + 1) << "one may be forgotten meanwhile";
  EXPECT_EQ(guess(0).status, 429);
  EXPECT_EQ(guess(1).status, 429);
}

TEST_F(SharedServers, ATokenRevokedAtOneIsRefusedAtTheOther) {
  open();
  const Account& account = accounts.buyers[0];
  HttpClient here = shops[0]->client(account.token), there = shops[1]->client(account.token);
  ASSERT_EQ(there.get("/api/users/me").status, 200);
  ASSERT_EQ(here.request("DELETE", "/api/users/me").status, 204);
  int status = 200;
  for (int tries = 0; tries < 500 && status != 401; ++tries) {
    status = there.get("/api/users/me").status;
    std::this_thread::sleep_for(milliseconds{10});
  }
  EXPECT_EQ(status, 401);
}

}  // namespace

}  // namespace buyme::test
