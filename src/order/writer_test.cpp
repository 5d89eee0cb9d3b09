// The order path below HTTP, one rule of the design at a time, each driven through exactly its interleaving.
#include "order/writer.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"
#include "order/test_books.hpp"
#include "support/order_world.hpp"

namespace buyme::order {
namespace {

using test::error_of;
using test::expect_books;
using test::OrderWorld;
using namespace std::chrono_literals;

TEST(OrderPath, SellsExactlyTheStockInArrivalOrder) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 3));
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 8; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto results = co_await world.place_together(std::move(requests));
    for (int i = 0; i < 8; ++i) EXPECT_EQ(results[i].has_value(), i < 3) << i;
    EXPECT_EQ(error_of(results[3]), Error::sold_out);
    EXPECT_EQ(results[0]->order.id, OrderId{1});
    const auto stock = co_await shop.stock(ProductId{1});
    EXPECT_EQ(stock->held, 3);
    EXPECT_EQ(stock->available(), 0);
  });
  expect_books(world, 3, 3, 0);
}

TEST(OrderPath, SeveralProductsAreAllOrNothing) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    (void)co_await shop.put_terms(world.terms(2, 1));
    PlaceRequest both{UserId{1}, {{ProductId{2}, 1}, {ProductId{1}, 1}, {ProductId{2}, 1}}, ""};
    const auto too_many = co_await shop.place(both);  // two of product 2 once merged
    EXPECT_EQ(error_of(too_many), Error::sold_out);
    both.lines.pop_back();
    const auto placed = co_await shop.place(both);
    EXPECT_TRUE(placed.has_value());
    EXPECT_EQ(placed->order.amount, 2'000);
    EXPECT_EQ(placed->order.items.size(), 2U);
  });
  expect_books(world, 5, 1, 0);
}

TEST(OrderPath, FewerLeftThanAskedSaysHowMany) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 2));
    const auto result = co_await shop.place(OrderWorld::buy(1, 1, 3));
    EXPECT_EQ(error_of(result), Error::sold_out);
    EXPECT_EQ(std::get<std::int64_t>(result.error().members.back().second), 2);
  });
}

// Rule 1: two ends of one order in the same round, and again later, release its unit once.
TEST(Rule1, AnOrderThatEndsTwiceReleasesItsUnitOnce) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    world.clock.advance(601s);  // the hold lapses
    MoveOrder expire{placed->order.id, OrderEvent::expire, Caller::the_shop(), false, {}};
    MoveOrder cancel{placed->order.id, OrderEvent::cancel, OrderWorld::buyer(1), false, {}};
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, world.writer->submit(expire), asio::detached);
    asio::co_spawn(executor, world.writer->submit(cancel), asio::detached);
    const auto last = co_await world.writer->submit(expire);
    EXPECT_TRUE(last.has_value());
    EXPECT_EQ(last->order.status, OrderStatus::expired);
  });
  expect_books(world, 1, 0, 0);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM order_history"), 1);
}

// Rule 2 and 6: the database disagrees with what the writer believes (the total was lowered behind its back):
// the CHECK refuses the round, which is decided anew on what the database holds.
TEST(Rule2, TheDatabaseRefusesAnOverrunAndTheRoundIsDecidedAnew) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    world.execute("UPDATE stock_ledger SET total=2 WHERE product_id=1");
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 5; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto results = co_await world.place_together(std::move(requests));
    int sold = 0;
    for (const auto& result : results) sold += result.has_value() ? 1 : 0;
    EXPECT_EQ(sold, 2);
    EXPECT_EQ(error_of(results[4]), Error::sold_out);
    EXPECT_EQ(world.writer->counters().rejected_rounds.load(), 1);
  });
  expect_books(world, 2, 2, 0);
}

TEST(Rule3, LimitsAreRowsThatFollowTheOrders) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 10);
    wanted.terms.per_user_limit = 2;
    (void)co_await shop.put_terms(wanted);
    const auto first = co_await shop.place(OrderWorld::buy(1, 1, 2));
    const auto over = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_EQ(error_of(over), Error::limit_exceeded);
    bool named = false;
    for (const auto& [name, value] : over.error().members) {
      named = named || (name == "orderId" && std::get<std::int64_t>(value) == first->order.id.value);
    }
    EXPECT_TRUE(named) << "the buyer must learn which order to resume";
    (void)co_await shop.cancel(first->order.id, OrderWorld::buyer(1));
    const auto again = co_await shop.place(OrderWorld::buy(1, 1, 2));
    EXPECT_TRUE(again.has_value());
  });
  EXPECT_EQ(world.query("SELECT units FROM purchase WHERE product_id=1 AND user_id=1"), 2);
}

TEST(Rule3, OneRoundCannotBeUsedToPassTheLimit) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 10);
    wanted.terms.per_user_limit = 1;
    (void)co_await shop.put_terms(wanted);
    std::vector<PlaceRequest> requests;
    for (int i = 0; i < 5; ++i) requests.push_back(OrderWorld::buy(7, 1));
    const auto results = co_await world.place_together(std::move(requests));
    int placed = 0;
    for (const auto& result : results) placed += result.has_value() ? 1 : 0;
    EXPECT_EQ(placed, 1);
    EXPECT_EQ(world.writer->counters().rejected_rounds.load(), 0)
        << "the CHECK is the second line of defence";
  });
  expect_books(world, 10, 1, 0);
}

TEST(Rule3, APlacementOfTheRoundThatSetsALimitIsDecidedUnderIt) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 10);
    (void)co_await shop.put_terms(wanted);
    wanted.terms.version = 2;
    wanted.terms.per_user_limit = 1;
    asio::co_spawn(co_await asio::this_coro::executor, shop.put_terms(wanted), asio::detached);
    std::vector<PlaceRequest> requests;
    for (int i = 0; i < 3; ++i) requests.push_back(OrderWorld::buy(1, 1));
    const auto results = co_await world.place_together(std::move(requests));
    int placed = 0;
    for (const auto& result : results) placed += result.has_value() ? 1 : 0;
    EXPECT_EQ(placed, 1);
  });
  EXPECT_EQ(world.query("SELECT units FROM purchase WHERE product_id=1 AND user_id=1"), 1);
}

TEST(Rule3, ALimitSetOnASellingProductCountsWhatBuyersHold) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 10);
    (void)co_await shop.put_terms(wanted);
    const auto before = co_await shop.place(OrderWorld::buy(1, 1, 3));
    wanted.terms.version = 2;
    wanted.terms.per_user_limit = 2;
    (void)co_await shop.put_terms(wanted);
    const auto more = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_EQ(error_of(more), Error::limit_exceeded);
    const auto other = co_await shop.place(OrderWorld::buy(2, 1, 2));
    EXPECT_TRUE(other.has_value());
    const auto canceled = co_await shop.cancel(before->order.id, OrderWorld::buyer(1));
    EXPECT_TRUE(canceled.has_value());
  });
  EXPECT_EQ(world.query("SELECT units FROM purchase WHERE user_id=1"), 0);
  EXPECT_EQ(world.query("SELECT units FROM purchase WHERE user_id=2"), 2);
}

// A gate that grants what the test says: another server's units are in flight.
class ScriptedGate final : public stock::StockGate {
 public:
  Awaitable<Result<std::vector<Units>>> claim(const stock::ClaimRound& round) override {
    ++claims;
    if (away) co_return Failure(Error::overloaded, "The gate is away.").retry_in(1s);
    std::vector<Units> granted;
    for (const auto& line : round.lines) granted.push_back(std::min(line.wanted, grant));
    co_return granted;
  }
  Awaitable<void> settle(std::int64_t, const std::vector<stock::LedgerSnapshot>&) override { co_return; }
  Units grant = 0;
  int claims = 0;
  bool away = false;
};

TEST(Rule4, UnitsInFlightElsewhereMakeAPlacementWaitNotSoldOut) {
  OrderWorld world;
  auto gate = std::make_unique<ScriptedGate>();
  ScriptedGate& scripted = *gate;
  world.gate = std::move(gate);
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    std::optional<Result<Placed>> outcome;
    Event done(co_await asio::this_coro::executor);
    asio::co_spawn(co_await asio::this_coro::executor, shop.place(OrderWorld::buy(1, 1)),
                   [&](std::exception_ptr, Result<Placed> result) {
                     outcome.emplace(std::move(result));
                     done.raise();
                   });
    co_await world.breathe(60);
    EXPECT_FALSE(outcome.has_value());
    EXPECT_GT(scripted.claims, 2) << "a round of waiters alone must come again";
    scripted.grant = 1;
    co_await done.wait();
    EXPECT_TRUE(outcome->has_value());

    scripted.grant = 0;  // and who waits past the deadline is told 503, never SOLD_OUT
    (void)co_await shop.put_terms([&] {
      auto t = world.terms(1, 2);
      t.terms.version = 2;
      return t;
    }());
    asio::co_spawn(co_await asio::this_coro::executor, shop.place(OrderWorld::buy(2, 1)),
                   [&](std::exception_ptr, Result<Placed> result) {
                     outcome.emplace(std::move(result));
                     done.raise();
                   });
    co_await world.breathe();
    world.clock.advance(limits::placement_deadline + 1ms);
    co_await done.wait();
    EXPECT_EQ(error_of(*outcome), Error::overloaded);
  });
  expect_books(world, 2, 1, 0);
}

TEST(Rule10, AGateThatIsAwayRefusesAtOnceWhoNeedsUnitsAndNobodyElse) {
  OrderWorld world;
  auto gate = std::make_unique<ScriptedGate>();
  ScriptedGate& scripted = *gate;
  world.gate = std::move(gate);
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    scripted.grant = 10;
    const auto first = co_await shop.place(OrderWorld::buy(1, 1, 1, "click"));
    scripted.away = true;
    const int claims_before = scripted.claims;
    std::vector<PlaceRequest> requests{OrderWorld::buy(1, 1, 1, "click"), OrderWorld::buy(2, 1)};
    const auto results = co_await world.place_together(std::move(requests));
    EXPECT_TRUE(results[0].has_value() && results[0]->replayed) << "his order needs no unit any more";
    EXPECT_EQ(error_of(results[1]), Error::overloaded);
    EXPECT_GT(results[1].error().retry_after.count(), 0);
    EXPECT_EQ(scripted.claims, claims_before + 1) << "it was made to wait";
    scripted.away = false;
    const auto later = co_await shop.place(OrderWorld::buy(2, 1));
    EXPECT_TRUE(later.has_value());
  });
  expect_books(world, 10, 2, 0);
}

TEST(Rule6, TheSameKeyInOneRoundAttachesToTheFirst) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    std::vector<PlaceRequest> requests;
    for (int i = 0; i < 3; ++i) requests.push_back(OrderWorld::buy(1, 1, 1, "click"));
    requests.push_back(OrderWorld::buy(1, 1, 2, "click"));
    requests.push_back(OrderWorld::buy(2, 1, 1, "click"));  // another user's key is another key
    const auto results = co_await world.place_together(std::move(requests));
    EXPECT_FALSE(results[0]->replayed);
    EXPECT_TRUE(results[1]->replayed);
    EXPECT_EQ(results[0]->order.id, results[2]->order.id);
    EXPECT_EQ(error_of(results[3]), Error::idempotency_mismatch);
    EXPECT_TRUE(results[4].has_value());
    EXPECT_EQ(world.writer->counters().rejected_rounds.load(), 0)
        << "the key's index is the second line of defence";
  });
  expect_books(world, 10, 2, 0);
}

// Passes everything on, and refuses each plan that holds an order of one user.
class PoisonedStore final : public OrderStore {
 public:
  PoisonedStore(std::unique_ptr<OrderStore> inner, UserId poison)
      : inner_(std::move(inner)), poison_(poison) {}
  Awaitable<Result<std::int64_t>> next_writer_number() override { return inner_->next_writer_number(); }
  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override {
    return inner_->reserve_numbers(name, count);
  }
  Awaitable<Result<std::vector<Sale>>> load_sales() override { return inner_->load_sales(); }
  Awaitable<Result<Known>> read(const Questions& questions) override { return inner_->read(questions); }
  Awaitable<CommitResult> commit(const Plan& plan) override {
    for (const auto& order : plan.orders) {
      if (order.order->user == poison_) co_return Rejected{why, "poisoned"};
    }
    co_return co_await inner_->commit(plan);
  }
  Awaitable<Result<RoundFate>> settle(Stamp round) override { return inner_->settle(round); }
  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override {
    return inner_->lapsed_holds(now, limit);
  }
  Awaitable<Result<std::vector<OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override {
    return inner_->open_refunds(after, limit);
  }
  Rejected::Why why = Rejected::Why::constraint;

 private:
  std::unique_ptr<OrderStore> inner_;
  UserId poison_;
};

TEST(Rule6, OneBadOrderNeverFailsItsNeighbours) {
  OrderWorld world;
  world.store = std::make_unique<PoisonedStore>(std::move(world.store), UserId{3});
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 5; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto results = co_await world.place_together(std::move(requests));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(results[i].has_value(), i != 2) << i;
    EXPECT_EQ(error_of(results[2]), Error::store_unavailable);
  });
  expect_books(world, 10, 4, 0);
}

TEST(Rule6, AStoreThatCannotWriteAnswersAllAndLosesNothing) {
  OrderWorld world;
  auto store = std::make_unique<PoisonedStore>(std::move(world.store), UserId{3});
  store->why = Rejected::Why::unavailable;
  world.store = std::move(store);
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 4; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto results = co_await world.place_together(std::move(requests));
    for (const auto& result : results) EXPECT_EQ(error_of(result), Error::store_unavailable);
    const auto later = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_TRUE(later.has_value());
  });
  expect_books(world, 10, 1, 0);
}

TEST(Rule8, AFullQueueRefusesAtOnceAndCertainlyPlacesNothing) {
  WriterSettings settings;
  settings.queue = 2;
  OrderWorld world(settings);
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 5; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto results = co_await world.place_together(std::move(requests));
    EXPECT_TRUE(results[1].has_value());
    for (int i = 2; i < 5; ++i) EXPECT_EQ(error_of(results[i]), Error::overloaded);
    EXPECT_GT(results[2].error().retry_after.count(), 0);
  });
  expect_books(world, 10, 2, 0);
}

TEST(Rule9, WhatWasAdmittedIsAnsweredAndWhatComesLaterIsRefused) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    const auto executor = co_await asio::this_coro::executor;
    int answered = 0;
    for (int user = 1; user <= 4; ++user) {
      asio::co_spawn(executor, shop.place(OrderWorld::buy(user, 1)),
                     [&](std::exception_ptr, const Result<Placed>& result) {
                       ++answered;
                       EXPECT_TRUE(result.has_value() || result.error().error == Error::shutting_down);
                     });
    }
    co_await world.breathe(1);
    world.writer->stop();
    const auto late = co_await shop.place(OrderWorld::buy(9, 1));
    EXPECT_EQ(error_of(late), Error::shutting_down);
    co_await world.breathe();
    EXPECT_EQ(answered, 4);
    const auto after_the_last_round = co_await shop.place(OrderWorld::buy(9, 1));  // nobody would answer it
    EXPECT_EQ(error_of(after_the_last_round), Error::shutting_down);
  });
  EXPECT_EQ(world.query("SELECT committed FROM stock_ledger"),
            world.query("SELECT COUNT(*) FROM order_items"));
}

TEST(Rule11, TheFlagLeadsAWinnerWhoRepeatsHisKeyToHisOrder) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 1);
    wanted.terms.per_user_limit = 1;
    (void)co_await shop.put_terms(wanted);
    const auto won = co_await shop.place(OrderWorld::buy(1, 1, 1, "mine"));
    co_await world.breathe();
    EXPECT_NE(world.board.sold_out(ProductId{1}, world.clock.monotonic()), nullptr);
    const auto rounds = world.writer->counters().commands.load();

    const auto loser = co_await shop.place(OrderWorld::buy(2, 1, 1, "theirs"));
    EXPECT_EQ(error_of(loser), Error::sold_out);
    EXPECT_EQ(world.writer->counters().commands.load(), rounds) << "sold out must not enter the queue";

    const auto repeat = co_await shop.place(OrderWorld::buy(1, 1, 1, "mine"));
    EXPECT_TRUE(repeat.has_value() && repeat->replayed && repeat->order.id == won->order.id);
    const auto holder = co_await shop.place(OrderWorld::buy(1, 1, 1, "another"));
    EXPECT_EQ(error_of(holder), Error::limit_exceeded) << "a holder is told which order to resume";
  });
}

TEST(Rule11, ACommitThatFreesAUnitLowersTheFlagBeforeItsAnswerLeaves) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    for (int round = 1; round <= 20; ++round) {
      const auto won = co_await shop.place(OrderWorld::buy(round, 1));
      EXPECT_TRUE(won.has_value()) << "round " << round;
      if (round % 2 == 0) co_await world.breathe(2);  // with and without the flag raised meanwhile
      (void)co_await shop.cancel(won->order.id, OrderWorld::buyer(round));
      EXPECT_EQ(world.board.sold_out(ProductId{1}, world.clock.monotonic()), nullptr);
    }
  });
  expect_books(world, 1, 0, 0);
}

TEST(Rule11, RaisingTheTotalLowersTheFlag) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 1);
    (void)co_await shop.put_terms(wanted);
    (void)co_await shop.place(OrderWorld::buy(1, 1));
    co_await world.breathe();
    wanted.terms.version = 2;
    wanted.total = 2;
    (void)co_await shop.put_terms(wanted);
    const auto second = co_await shop.place(OrderWorld::buy(2, 1));
    EXPECT_TRUE(second.has_value());
  });
}

}  // namespace
}  // namespace buyme::order
