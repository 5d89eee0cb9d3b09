// Whole rehearsals against a small shop that keeps its promises, and against ones that break one.
#include "drop/drop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "drop/fake_shop.hpp"

namespace buyme::drop {
namespace {

class Rehearsals : public testing::Test {
 protected:
  Rehearsals() {
    settings_.buyers = 60;
    settings_.stock = 25;
    settings_.connections = 10;
    settings_.admin_token = "admin";
    settings_.pay = true;
    settings_.greedy = 0.3;
    settings_.double_click = 0.3;
    settings_.retry = 0.2;
    settings_.give_up = Milliseconds(5'000);
    for (int user = 1; user <= 60; ++user)
      settings_.buyer_list.push_back({user, "user-" + std::to_string(user)});
  }

  Verdict hold(FakeShop::Faults faults) {
    FakeShop shop(faults);
    settings_.url = shop.url();
    Verdict verdict = run(settings_, *clock_, progress_);
    connections_ = shop.connections();
    return verdict;
  }

  static std::set<std::string> failed(const Verdict& verdict) {
    std::set<std::string> names;
    for (const auto& check : verdict.checks) {
      if (!check.passed) names.insert(check.name);
    }
    return names;
  }

  Settings settings_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  std::ostringstream progress_;
  int connections_ = 0;
};

TEST_F(Rehearsals, PassWithAnHonestShop) {
  const Verdict verdict = hold({.declines = 5});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_EQ(verdict.counts.ordered, 25);
  EXPECT_EQ(verdict.counts.buyers, 60);
  EXPECT_EQ(verdict.counts.sold_out + verdict.counts.limit_exceeded + 25, verdict.counts.clicks);
  EXPECT_EQ(verdict.counts.declined, 5);
  EXPECT_EQ(verdict.stock.sold, verdict.counts.paid);
  EXPECT_EQ(verdict.counts.paid + verdict.counts.abandoned + verdict.counts.payments_given_up, 25);
  EXPECT_GT(verdict.counts.double_clicks, 0);
  EXPECT_GT(verdict.counts.cuts, 0);
  EXPECT_GT(verdict.counts.greedy, 0);
  EXPECT_GT(verdict.counts.replays, 0);
  EXPECT_EQ(verdict.place.count(), verdict.counts.clicks);
  EXPECT_NE(progress_.str().find("60 buyers, 25 units of product 1"), std::string::npos) << progress_.str();
}

TEST_F(Rehearsals, ShareTheirConnections) {
  settings_.retry = 0;
  EXPECT_TRUE(hold({}).passed);
  EXPECT_LE(connections_, 11);  // and the one that looked whether a shop is there
}

TEST_F(Rehearsals, WorkWithOneConnectionThoughBuyersClickTwiceAtOnce) {
  settings_.connections = 1;
  settings_.double_click = 1;
  EXPECT_TRUE(hold({}).passed);
}

TEST_F(Rehearsals, SellOnlyWhatIsWanted) {
  settings_.stock = 500;
  const Verdict verdict = hold({});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_EQ(verdict.counts.ordered, 60);
}

TEST_F(Rehearsals, LetGreedyBuyersReachAHigherLimit) {
  settings_.per_user_limit = 2;
  settings_.greedy = 1;
  settings_.stock = 500;
  const Verdict verdict = hold({});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_EQ(verdict.counts.ordered, 120);
  EXPECT_EQ(verdict.counts.limit_exceeded, 60);
}

TEST_F(Rehearsals, GoOnWithAProductThatHasSoldBeforeWithoutAnAdmin) {
  FakeShop shop({});
  settings_.url = shop.url();
  settings_.per_user_limit = 0;
  settings_.stock = 100;
  EXPECT_TRUE(run(settings_, *clock_, progress_).passed);  // makes product 1 and sells 60
  settings_.admin_token.clear();  // the books are read from the buyers' own lists now
  settings_.product_id = 1;
  const Verdict verdict = run(settings_, *clock_, progress_);
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_EQ(verdict.counts.ordered, 40);
  EXPECT_EQ(verdict.stock.committed(), 100);
}

TEST_F(Rehearsals, RepeatWhatABusyShopRefused) {
  settings_.retry = 0;  // who cuts his connection does not see the 503
  const Verdict verdict = hold({.busy = 40});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_EQ(verdict.counts.overloaded, 40);
}

TEST_F(Rehearsals, RepeatWithTheSameKeyWhenTheAnswerIsLost) {
  settings_.retry = 0;
  const Verdict verdict = hold({.lost_answers = 10});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_GE(verdict.counts.transport_errors, 10);
  EXPECT_GE(verdict.counts.replays, 10);
}

TEST_F(Rehearsals, GiveUpAConnectionThatStaysSilent) {
  settings_.request_timeout = Milliseconds(300);
  const Verdict verdict = hold({.silent = 3});
  EXPECT_TRUE(verdict.passed) << render_text(settings_, verdict, false);
  EXPECT_GE(verdict.place.max(), 300'000);
}

TEST_F(Rehearsals, CountTheBuyersWhoNeverGotAnAnswer) {
  settings_.give_up = Milliseconds(300);
  const Verdict verdict = hold({.busy = 1'000'000});
  EXPECT_EQ(verdict.counts.unanswered, 60);
  EXPECT_EQ(failed(verdict), std::set<std::string>{"everyone got a final answer"});
}

TEST_F(Rehearsals, CatchAShopThatOversells) {
  const auto names = failed(hold({.oversells = true}));
  EXPECT_TRUE(names.contains("nothing oversold")) << testing::PrintToString(names);
  EXPECT_TRUE(names.contains("exactly min(stock, demand) units committed"));
}

TEST_F(Rehearsals, CatchAShopThatForgetsKeys) {
  settings_.per_user_limit = 0;
  const auto names = failed(hold({.forgets_keys = true}));
  EXPECT_TRUE(names.contains("one order per idempotency key")) << testing::PrintToString(names);
}

TEST_F(Rehearsals, CatchAShopThatLosesAnOrder) {
  EXPECT_EQ(failed(hold({.loses_orders = true})),
            std::set<std::string>{"every 201 readable again, unchanged"});
}

TEST_F(Rehearsals, CatchAShopThatForgetsTheLimit) {
  settings_.stock = 500;
  const auto names = failed(hold({.forgets_limit = true}));
  EXPECT_TRUE(names.contains("per-user limit held")) << testing::PrintToString(names);
}

TEST_F(Rehearsals, CatchAShopThatTakesMoneyForNothing) {
  EXPECT_EQ(failed(hold({.pays_for_nothing = true})),
            std::set<std::string>{"payments and order states agree"});
}

TEST_F(Rehearsals, NameWhatKeepsThemFromBeginning) {
  const auto reason = [&] {
    try {
      run(settings_, *clock_, progress_);
    } catch (const DropError& error) {
      return std::string(error.what());
    }
    return std::string("it began");
  };
  settings_.url = "http://127.0.0.1:1";
  EXPECT_EQ(reason(), "no shop answers at 127.0.0.1:1: Connection refused");
  settings_.url = "https://shop.example";
  EXPECT_EQ(reason(), "https://shop.example: only http is spoken; go to the shop behind its TLS");
  FakeShop shop({});
  settings_.url = shop.url();
  settings_.admin_token = "wrong";
  EXPECT_EQ(reason(),
            "putting the product on sale (needs an admin): the shop answered 403 FORBIDDEN: Because.");
  settings_.buyers = 61;
  EXPECT_EQ(reason(), "61 buyers need 61 tokens, there are 60: make them with `buyme admin tokens`");
}

}  // namespace
}  // namespace buyme::drop
