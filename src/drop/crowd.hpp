// The buyers: each clicks at a moment fixed in advance, whatever the shop does meanwhile, and behaves as the
// dice of its own random stream say (double click, cut connection, greed, payment). What each is told is kept
// for the checker, when it was told for the picture.
//
// All of it on one executor; not thread-safe.
#pragma once

#include <deque>
#include <vector>

#include "core/event.hpp"
#include "core/random.hpp"
#include "drop/connection.hpp"
#include "drop/drop.hpp"

namespace buyme::drop {

// One answer that a buyer waited for.
struct Sample {
  enum class Kind : std::uint8_t { ordered, sold_out, other, overloaded, paid, declined };
  Kind kind = Kind::other;
  std::int64_t at_us = 0;       // after the opening
  std::int64_t latency_us = 0;  // since the buyer meant to click; 0 for overloaded, which ends no wait
};

class Crowd {
 public:
  Crowd(Executor executor, Clock& clock, const Settings& settings, const Target& target, ConnectionPool& pool,
        std::int64_t product_id, Units per_user_limit);

  // The whole sale: returns when every buyer has gone home.
  Awaitable<void> hold_sale();

  bool over() const { return over_; }
  const Observed& observed() const { return observed_; }
  const Counts& counts() const { return counts_; }
  const Histogram& place_latency() const { return place_; }
  const Histogram& pay_latency() const { return pay_; }
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<std::int64_t>& clicks_us() const { return clicks_us_; }  // intended
  std::int64_t microseconds_since_opening() const { return since_opening(clock_.monotonic()); }
  std::int64_t buyers_answered() const { return buyers_answered_; }

 private:
  struct Person {
    std::int64_t user_id = 0;
    std::string_view token;
    bool double_clicks = false;
    bool is_cut = false;
    bool abandons = false;
    bool greedy = false;
    std::chrono::nanoseconds cut_after{0};
  };
  // One key on its way, possibly clicked twice.
  struct Placing {
    Placing(Executor executor, std::size_t attempt_index) : attempt(attempt_index), both_done(executor) {}
    std::size_t attempt;
    std::string request;
    Monotonic intended;
    bool answered = false;
    Outcome second = Outcome::unanswered;
    bool second_done = false;
    Event both_done;
  };

  Person make_person(std::size_t number) const;
  Awaitable<void> live(std::size_t number, Monotonic intended);
  Awaitable<Outcome> place(std::size_t number, const Person& person, int order_number, Monotonic intended,
                           std::size_t& attempt_index);
  Awaitable<Outcome> click(Placing& placing, const Person& person, bool cut);
  Awaitable<void> second_click(Placing& placing, const Person& person);
  Outcome note_placement(Placing& placing, const Reply& reply);
  void note_order_answer(Attempt& attempt, const Reply& reply, Outcome& outcome);

  Awaitable<void> pay(const Person& person, std::size_t attempt_index);
  Awaitable<PaymentSeen> pay_once(const std::string& request, std::size_t attempt_index);

  // How long to wait before the request is repeated; nullopt when the answer is final or patience is over.
  std::optional<std::chrono::nanoseconds> patience(const Reply& reply, Monotonic give_up_at, int tries);
  Awaitable<Reply> send(const std::string& request);
  void record(Sample::Kind kind, Monotonic intended);
  std::int64_t since_opening(Monotonic time) const {
    return std::chrono::duration_cast<std::chrono::microseconds>(time - opening_).count();
  }

  Executor executor_;
  Clock& clock_;
  const Settings& settings_;
  const Target& target_;
  ConnectionPool& pool_;
  std::int64_t product_id_;
  Units per_user_limit_;
  Random jitter_;
  std::string run_name_;  // in every key, so that two rehearsals with one seed do not share keys

  Monotonic opening_{};
  bool over_ = false;
  std::size_t at_home_ = 0;
  std::int64_t buyers_answered_ = 0;
  Event everybody_home_;
  Observed observed_;
  Counts counts_;
  Histogram place_;
  Histogram pay_;
  std::vector<Sample> samples_;
  std::vector<std::int64_t> clicks_us_;
};

}  // namespace buyme::drop
