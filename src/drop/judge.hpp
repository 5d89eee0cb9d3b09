// The checks one by one; what they have in common is how they look things up and how they speak.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "drop/checker.hpp"
#include "drop/tally.hpp"

namespace buyme::drop {

inline std::string_view shown_key(const Attempt& attempt) {
  return attempt.key.empty() ? std::string_view("(none)") : std::string_view(attempt.key);
}

// One check in the making: passed until something offends.
class Finding {
 public:
  explicit Finding(std::string name) : name_(std::move(name)) {}

  // The product that the next offences concern.
  void talk_of(const Shelf& shelf) { label_ = shelf.label; }
  void talk_of_all() { label_ = {}; }

  template <class... Args>
  void offence(fmt::format_string<Args...> format, Args&&... args) {
    if (++count_ > shown_offenders) return;
    if (!shown_.empty()) shown_ += "; ";
    shown_ += label_;
    fmt::format_to(std::back_inserter(shown_), format, std::forward<Args>(args)...);
  }

  // `summary` is shown either way, so that a pass says what it has looked at.
  Check finish(std::string summary) && {
    if (count_ == 0) return {std::move(name_), true, std::move(summary)};
    if (count_ > shown_offenders) fmt::format_to(std::back_inserter(shown_), "; {} in all", count_);
    return {std::move(name_), false, fmt::format("{}: {}", summary, shown_)};
  }

 private:
  std::string name_;
  std::string_view label_;
  std::string shown_;
  std::size_t count_ = 0;

  static constexpr std::size_t shown_offenders = 3;
};

class Judge {
 public:
  Judge(const Observed& clients, const ShopView& shop)
      : clients_(clients), shop_(shop), tally_(clients, shop) {}

  Check everyone_answered() const;
  Check exactly_sold() const;
  Check never_oversold() const;
  Check sold_out_was_true() const;
  Check no_order_twice() const;
  Check one_order_per_key() const;
  Check no_winner_turned_away() const;
  Check readable_again() const;
  Check no_order_unasked() const;
  Check limit_held() const;
  Check payments_agree() const;
  Check stock_adds_up() const;
  Check books_match_orders() const;

 private:
  // A check of each product by itself: `judge_one` notes offences and returns the summary.
  template <class JudgeOne>
  Check per_product(std::string name, JudgeOne judge_one) const {
    Finding finding(std::move(name));
    std::string summary;
    for (const auto& shelf : tally_.shelves) {
      if (!summary.empty()) summary += "; ";
      finding.talk_of(shelf);
      summary += shelf.label;
      summary += judge_one(shelf, finding);
    }
    return std::move(finding).finish(summary.empty() ? "no product" : std::move(summary));
  }

  bool changed_terms_explain(const Attempt& attempt) const;
  bool could_have_been_served(const Attempt& attempt) const;
  bool is_within_limits(const Attempt& attempt) const;
  bool may_have_changed_his_luck(const Attempt& attempt) const;
  bool hold_has_passed(const SeenOrder& order) const {
    return order.hold_expires_at && *order.hold_expires_at <= shop_.read_at + shop_.clock_tolerance;
  }
  std::string payment_problem(const Attempt& attempt, const SeenOrder& order) const;

  const Observed& clients_;
  const ShopView& shop_;
  const Tally tally_;
};

}  // namespace buyme::drop
