// What one buyer does, and what he is told.
#pragma once

#include "simulation/world.hpp"

namespace buyme::simulation {

class Buyer {
 public:
  Buyer(World& world, const BuyerPlan& plan) : world_(world), plan_(plan) {}

  // Comes, orders until he has a final answer, then pays, cancels or leaves.
  Awaitable<void> run();

 private:
  enum class Next : std::uint8_t { done, again, lost };  // lost: nobody knows whether it was done

  drop::Attempt& begin_attempt(bool with_key);
  Awaitable<bool> place();
  Awaitable<Next> click(drop::Attempt& attempt);
  Awaitable<void> second_click(drop::Attempt& attempt, std::shared_ptr<int> open);
  Next record(drop::Attempt& attempt, const Result<order::Placed>& answer, Duration sent);
  Next refused(drop::Attempt& attempt, const Failure& failure, Duration sent);
  void check_resume(const Failure& failure);

  Awaitable<void> pay();
  Awaitable<Next> attempt_payment();
  Next told_of_payment(const Result<payment::Receipt>& answer);
  Awaitable<bool> look_at_order();
  static Awaitable<void> visit_to_pay(World& world, BuyerPlan plan, OrderId order);
  static Awaitable<void> visit_to_cancel(World& world, BuyerPlan plan, drop::Attempt* attempt, OrderId order);
  Awaitable<void> cancel();
  Awaitable<std::optional<order::Order>> receive();
  Awaitable<void> send_back();
  Awaitable<void> read_back();

  Awaitable<void> rest(Duration most);
  template <class T>
  Awaitable<std::optional<T>> ask(bool payments, std::function<Awaitable<T>(ShopProcess&)> request);
  Caller caller() const { return {UserId{plan_.user}, Role::user, true, false}; }

  World& world_;
  BuyerPlan plan_;
  drop::Attempt* attempt_ = nullptr;  // the one that got the order
  drop::Attempt unseen_;              // what a click is told whose answer nobody reads
  OrderId order_;
};

Awaitable<void> visit(World& world, BuyerPlan plan);

}  // namespace buyme::simulation
