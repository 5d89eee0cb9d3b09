// Rule 7: a commit whose outcome is unknown is settled, not guessed. The store below loses answers and says
// later what became of the round, as a database server behind a broken connection does.
#include <gtest/gtest.h>

#include <deque>

#include "core/limits.hpp"
#include "support/order_world.hpp"

namespace buyme::order {
namespace {

using test::OrderWorld;

class ForgetfulStore final : public OrderStore {
 public:
  explicit ForgetfulStore(std::unique_ptr<OrderStore> inner) : inner_(std::move(inner)) {}

  enum class Next : std::uint8_t { answers, takes_in_silence, is_lost };
  std::deque<Next> next;                    // what becomes of the next commits; then they answer
  int unanswered_questions = 0;             // after a round's fate
  int unreadable_then = 0;                  // reads that fail after a round took in silence
  std::vector<std::int64_t> sent, settled;  // seqs

  Awaitable<CommitResult> commit(const Plan& plan) override {
    sent.push_back(plan.stamp.seq);
    const Next what = next.empty() ? Next::answers : next.front();
    if (!next.empty()) next.pop_front();
    if (what == Next::is_lost) co_return Unknown{"lost"};
    auto result = co_await inner_->commit(plan);
    took_.insert(plan.stamp.seq);
    if (what != Next::takes_in_silence) co_return result;
    unreadable_ = unreadable_then;
    co_return Unknown{"no answer"};
  }
  Awaitable<Result<RoundFate>> settle(Stamp round) override {
    settled.push_back(round.seq);
    if (unanswered_questions > 0) {
      --unanswered_questions;
      co_return Failure(Error::store_unavailable, "no answer");
    }
    co_return took_.contains(round.seq) ? RoundFate::committed : RoundFate::dead;
  }

  Awaitable<Result<std::int64_t>> next_writer_number() override { return inner_->next_writer_number(); }
  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override {
    return inner_->reserve_numbers(name, count);
  }
  Awaitable<Result<std::vector<Sale>>> load_sales() override { return inner_->load_sales(); }
  Awaitable<Result<Known>> read(const Questions& questions) override {
    if (unreadable_ == 0) co_return co_await inner_->read(questions);
    --unreadable_;
    co_return Failure(Error::store_unavailable, "no answer");
  }
  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override {
    return inner_->lapsed_holds(now, limit);
  }
  Awaitable<Result<std::vector<OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override {
    return inner_->open_refunds(after, limit);
  }

 private:
  std::unique_ptr<OrderStore> inner_;
  std::set<std::int64_t> took_;
  int unreadable_ = 0;
};

class UnknownCommit : public ::testing::Test {
 protected:
  UnknownCommit() {
    auto forgetful = std::make_unique<ForgetfulStore>(std::move(world.store));
    store = forgetful.get();
    world.store = std::move(forgetful);
  }
  OrderWorld world;
  ForgetfulStore* store = nullptr;
  using Next = ForgetfulStore::Next;
};

TEST_F(UnknownCommit, ARoundThatTookIsAnsweredAndNotWrittenAgain) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    store->next = {Next::takes_in_silence};
    store->unanswered_questions = 2;
    const auto placed = co_await shop.place(OrderWorld::buy(7, 1));
    EXPECT_TRUE(placed.has_value());
    EXPECT_FALSE(placed.has_value() && placed->replayed);
  });
  EXPECT_EQ(world.query("SELECT count(*) FROM orders"), 1);
  EXPECT_EQ(world.query("SELECT committed FROM stock_ledger"), 1);
  EXPECT_EQ(store->settled.size(), 3u) << "asked until it is answered";
}

TEST_F(UnknownCommit, ARoundThatIsDeadIsDecidedAnewUnderAnotherNumber) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    store->next = {Next::is_lost};
    const auto placed = co_await shop.place(OrderWorld::buy(7, 1));
    EXPECT_TRUE(placed.has_value());
  });
  EXPECT_EQ(world.query("SELECT count(*) FROM orders"), 1);
  ASSERT_EQ(store->sent.size(), 3u);
  EXPECT_GT(store->sent[2], store->sent[1]);
  EXPECT_EQ(store->settled, std::vector<std::int64_t>{store->sent[1]});
}

TEST_F(UnknownCommit, MovesOfARoundThatTookAreSuccess) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    const auto placed = co_await shop.place(OrderWorld::buy(7, 1));
    store->next = {Next::takes_in_silence};
    const auto canceled = co_await shop.cancel(placed->order.id, OrderWorld::buyer(7));
    EXPECT_TRUE(canceled.has_value());
    EXPECT_EQ(canceled->status, OrderStatus::canceled);
  });
  EXPECT_EQ(world.query("SELECT committed FROM stock_ledger"), 0);
  EXPECT_EQ(world.query("SELECT count(*) FROM order_history"), 1);
}

// "Nothing was done" would be a lie: who is told so repeats, and what has no key is done twice.
TEST_F(UnknownCommit, AMoveThatMayHaveTakenIsNotSaidToBeUndoneWhenItCannotBeLookedUp) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    const auto placed = co_await shop.place(OrderWorld::buy(7, 1));
    store->next = {Next::takes_in_silence};
    store->unreadable_then = 1;
    const auto canceled = co_await shop.cancel(placed->order.id, OrderWorld::buyer(7));
    EXPECT_EQ(canceled.error().error, Error::outcome_unknown);
    const auto again = co_await shop.cancel(placed->order.id, OrderWorld::buyer(7));
    EXPECT_TRUE(again.has_value());
  });
  EXPECT_EQ(world.query("SELECT count(*) FROM order_history"), 1);
}

TEST_F(UnknownCommit, BuyersAreNotKeptForeverAndTheKeyLeadsThemToTheirOrder) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    store->next = {Next::takes_in_silence};
    store->unanswered_questions = 1'000'000;
    Event answered(co_await asio::this_coro::executor);
    std::optional<Result<Placed>> first;
    const auto buy = [](OrderService& from, std::optional<Result<Placed>>& into,
                        Event& done) -> Awaitable<void> {
      into.emplace(co_await from.place(OrderWorld::buy(7, 1, 1, "click")));
      done.raise();
    };
    asio::co_spawn(co_await asio::this_coro::executor, buy(shop, first, answered), asio::detached);
    co_await world.breathe();
    world.clock.advance(limits::settle_budget);
    co_await answered.wait();
    EXPECT_EQ(first->error().error, Error::outcome_unknown);
    EXPECT_GT(first->error().retry_after.count(), 0);

    store->unanswered_questions = 0;
    const auto again = co_await shop.place(OrderWorld::buy(7, 1, 1, "click"));
    EXPECT_TRUE(again.has_value() && again->replayed);
  });
  EXPECT_EQ(world.query("SELECT count(*) FROM orders"), 1);
  EXPECT_EQ(store->sent.size(), 2u) << "nothing else was sent while the fate was unknown";
}

TEST_F(UnknownCommit, WhoWaitsBehindASilentStoreIsRefusedAndNothingOfIsDone) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 10));
    store->next = {Next::is_lost};
    store->unanswered_questions = 1'000'000;
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, shop.place(OrderWorld::buy(7, 1)), asio::detached);
    co_await world.breathe();
    std::optional<Result<Placed>> behind;
    Event answered(executor);
    asio::co_spawn(executor, shop.place(OrderWorld::buy(8, 1)),
                   [&](std::exception_ptr, Result<Placed> result) {
                     behind.emplace(std::move(result));
                     answered.raise();
                   });
    co_await world.breathe();
    EXPECT_FALSE(behind.has_value()) << "it may still be in time";
    world.clock.advance(limits::placement_deadline + std::chrono::milliseconds{1});
    co_await answered.wait();
    EXPECT_EQ(behind->error().error, Error::store_unavailable);
    EXPECT_FALSE(world.writer->can_write());
    store->unanswered_questions = 0;
    const auto later = co_await shop.place(OrderWorld::buy(8, 1));
    EXPECT_TRUE(later.has_value());
  });
  EXPECT_EQ(world.query("SELECT count(*) FROM orders"), 2);
}

}  // namespace
}  // namespace buyme::order
