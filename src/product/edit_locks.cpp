#include "product/edit_locks.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/limits.hpp"

namespace buyme::product {

struct EditLocks::State {
  using Ticket = std::uint64_t;

  std::mutex mutex;
  std::set<ProductId> held;
  std::map<Ticket, std::vector<ProductId>> waiting;  // who came first is served first
  Ticket last = 0;

  Ticket queue_up(const std::vector<ProductId>& products) {
    const std::lock_guard lock(mutex);
    waiting.emplace(++last, products);
    return last;
  }
  void leave(Ticket ticket) {
    const std::lock_guard lock(mutex);
    waiting.erase(ticket);
  }

  // Not while somebody who came earlier waits for one of them: a client that edits without a pause would
  // otherwise keep everybody else out.
  bool take(Ticket ticket, const std::vector<ProductId>& products) {
    const std::lock_guard lock(mutex);
    std::set<ProductId> out_of_reach = held;
    for (const auto& [earlier, wanted] : waiting) {
      if (earlier == ticket) break;
      out_of_reach.insert(wanted.begin(), wanted.end());
    }
    if (std::ranges::any_of(products, [&](ProductId id) { return out_of_reach.contains(id); })) return false;
    held.insert(products.begin(), products.end());
    return true;
  }
  void give_back(const std::vector<ProductId>& products) {
    const std::lock_guard lock(mutex);
    for (const ProductId id : products) held.erase(id);
  }
};

namespace {

// Leaves the queue however the wait ends, also when its coroutine is destroyed.
template <class State>
class Place {
 public:
  Place(std::shared_ptr<State> state, const std::vector<ProductId>& products)
      : state_(std::move(state)), ticket_(state_->queue_up(products)) {}
  ~Place() { state_->leave(ticket_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  typename State::Ticket ticket() const { return ticket_; }

 private:
  std::shared_ptr<State> state_;
  typename State::Ticket ticket_;
};

}  // namespace

EditLocks::EditLocks(Clock& clock) : clock_(clock), state_(std::make_shared<State>()) {}

EditLocks::Held::~Held() {
  if (state_) state_->give_back(products_);
}

Awaitable<Result<EditLocks::Held>> EditLocks::hold(std::vector<ProductId> products) {
  const Monotonic latest = clock_.monotonic() + limits::edit_wait;
  const Place<State> place(state_, products);
  while (!state_->take(place.ticket(), products)) {
    if (clock_.monotonic() >= latest) {
      co_return Failure(Error::overloaded, "Somebody else is editing this product; nothing was done. Repeat.")
          .retry_in(std::chrono::seconds{1});
    }
    co_await clock_.sleep_for(limits::edit_wait_pause);
  }
  co_return Held(state_, std::move(products));
}

}  // namespace buyme::product
