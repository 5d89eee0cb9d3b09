// The payment database and the provider behind a network that fails.
#include "simulation/decorators.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;
using payment::Attempt;
using payment::ChargeOutcome;
using payment::DueRefund;

namespace {

class FaultyPaymentStore final : public payment::PaymentStore {
 public:
  FaultyPaymentStore(std::unique_ptr<payment::PaymentStore> behind, Surroundings& around)
      : behind_(std::move(behind)), around_(around) {}

  Awaitable<Result<Attempt>> claim(order::PaymentTicket ticket, Time now) override {
    return passed(behind_->claim(ticket, now));
  }
  Awaitable<Result<Attempt>> record(AttemptId attempt, payment::AttemptState answer, Time now) override {
    return passed(behind_->record(attempt, answer, now));
  }
  Awaitable<Result<void>> close(AttemptId attempt, order::PaymentSettlement settlement, Time now) override {
    return passed(behind_->close(attempt, settlement, now));
  }
  Awaitable<Result<void>> add_refund(payment::RefundRequest refund, Time now) override {
    return passed(behind_->add_refund(refund, now));
  }
  Awaitable<Result<std::vector<Attempt>>> open_attempts(payment::OpenQuery query) override {
    return passed(behind_->open_attempts(query));
  }
  Awaitable<Result<std::vector<DueRefund>>> due_refunds(Time now, std::int64_t after,
                                                        std::size_t limit) override {
    return passed(behind_->due_refunds(now, after, limit));
  }
  Awaitable<Result<void>> refund_done(std::int64_t refund, Time now) override {
    return passed(behind_->refund_done(refund, now));
  }
  Awaitable<Result<void>> refund_later(std::int64_t refund, Time next_try) override {
    return passed(behind_->refund_later(refund, next_try));
  }

 private:
  template <class T>
  Awaitable<Result<T>> passed(Awaitable<Result<T>> work) {
    co_await delay(around_.scheduler, around_.draw(around_.latency));
    if (around_.faults.strikes(Fault::payments_away)) {
      co_return Failure(Error::store_unavailable, "The shop cannot write right now; nothing was done.");
    }
    auto result = co_await std::move(work);
    if (around_.answers_slowly()) co_await delay(around_.scheduler, around_.draw(around_.latency));
    co_return result;
  }

  std::unique_ptr<payment::PaymentStore> behind_;
  Surroundings& around_;
};

class FaultyProvider final : public payment::PaymentProvider {
 public:
  FaultyProvider(Bank& bank, Surroundings& around, std::chrono::milliseconds shop_timeout)
      : bank_(bank), around_(around), shop_timeout_(shop_timeout) {}

  Awaitable<Result<ChargeOutcome>> charge(payment::ChargeRequest request) override {
    co_await delay(around_.scheduler, around_.draw(around_.latency + 50ms));
    const std::size_t state = around_.state_of(request.order);
    if (around_.faults.strikes(Fault::provider_charges_late, state)) {
      const auto at = around_.scheduler.now() + shop_timeout_ + around_.draw(3s);
      ++around_.stragglers;
      around_.scheduler.start_timer(at, nullptr, make_task([this_bank = &bank_, &around = around_, request] {
                                      --around.stragglers;
                                      (void)book(*this_bank, around, request);
                                    }));
      co_await delay(around_.scheduler, shop_timeout_ + around_.draw(1s));
      co_return Failure(Error::outcome_unknown, "the connection to the provider is lost");
    }
    if (around_.faults.strikes(Fault::provider_fails, state)) {
      if (around_.faults.random().chance(0.3)) co_return ChargeOutcome::unknown;
      if (around_.faults.random().chance(0.5)) (void)book(bank_, around_, request);
      if (around_.faults.random().chance(0.3)) throw std::runtime_error("the provider's library threw");
      co_return Failure(Error::internal, "the provider failed");
    }
    auto outcome = book(bank_, around_, request);
    const bool late = around_.faults.strikes(Fault::provider_times_out, state);
    co_await delay(around_.scheduler,
                   late ? shop_timeout_ + around_.draw(2s) : around_.draw(around_.latency));
    co_return outcome;
  }

  Awaitable<Result<void>> refund(payment::ChargeRefund request) override {
    co_await delay(around_.scheduler, around_.draw(around_.latency + 50ms));
    const bool fails = around_.faults.strikes(Fault::provider_fails);
    if (fails && around_.faults.random().chance(0.5))
      co_return Failure(Error::internal, "the provider failed");
    auto outcome = bank_.refund(request, wall_time(around_.scheduler));
    around_.trace.say("refund {} of attempt {}: {} given back: {}", request.key, request.charge.value,
                      request.amount, outcome.has_value());
    if (fails) co_return Failure(Error::internal, "the provider's answer is lost");
    if (around_.faults.strikes(Fault::provider_times_out))
      co_await delay(around_.scheduler, shop_timeout_ + 1s);
    co_return outcome;
  }

 private:
  static Result<ChargeOutcome> book(Bank& bank, Surroundings& around, const payment::ChargeRequest& request) {
    auto outcome = bank.charge(request, wall_time(around.scheduler));
    around.trace.say("attempt {} of order {}: charge of {} booked: {}", request.key.value,
                     request.order.value, request.amount,
                     outcome.has_value() ? static_cast<int>(*outcome) : -1);
    return outcome;
  }

  Bank& bank_;
  Surroundings& around_;
  std::chrono::milliseconds shop_timeout_;
};

}  // namespace

std::unique_ptr<payment::PaymentStore> make_faulty_payment_store(
    std::unique_ptr<payment::PaymentStore> behind, Surroundings& around) {
  return std::make_unique<FaultyPaymentStore>(std::move(behind), around);
}

std::unique_ptr<payment::PaymentProvider> make_faulty_provider(Bank& bank, Surroundings& around,
                                                               std::chrono::milliseconds shop_timeout) {
  return std::make_unique<FaultyProvider>(bank, around, shop_timeout);
}

}  // namespace buyme::simulation
