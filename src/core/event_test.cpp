#include "core/event.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

namespace buyme {
namespace {

Awaitable<void> count_waits(Event& event, int waits, int& done) {
  for (int i = 0; i < waits; ++i) {
    co_await event.wait();
    ++done;
  }
}

class EventTest : public ::testing::Test {
 protected:
  void wait_for_it(int waits) { asio::co_spawn(context_, count_waits(event_, waits, done_), asio::detached); }
  void settle() {
    context_.restart();
    context_.poll();
  }

  asio::io_context context_{1};
  Event event_{context_.get_executor()};
  int done_ = 0;
};

TEST_F(EventTest, WakesTheOneWhoWaits) {
  wait_for_it(1);
  settle();
  EXPECT_EQ(done_, 0);
  event_.raise();
  EXPECT_EQ(done_, 0) << "resumed by the executor, not inside raise()";
  settle();
  EXPECT_EQ(done_, 1);
}

TEST_F(EventTest, RaisedBeforehandIsNotLost) {
  event_.raise();
  event_.raise();
  wait_for_it(2);
  settle();
  EXPECT_EQ(done_, 1) << "two raises before one wait are one";
  event_.raise();
  settle();
  EXPECT_EQ(done_, 2);
}

TEST_F(EventTest, RaisedTwiceForOneWaiterWakesItOnce) {
  wait_for_it(2);
  settle();
  event_.raise();
  event_.raise();
  settle();
  EXPECT_EQ(done_, 1);
  event_.raise();
  settle();
  EXPECT_EQ(done_, 2);
}

}  // namespace
}  // namespace buyme
