#include "product/edit_locks.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "core/limits.hpp"

namespace buyme::product {

struct EditLocks::State {
  std::mutex mutex;
  std::set<ProductId> held;

  bool take(const std::vector<ProductId>& products) {
    const std::lock_guard lock(mutex);
    const bool taken = std::ranges::any_of(products, [this](ProductId id) { return held.contains(id); });
    if (!taken) held.insert(products.begin(), products.end());
    return !taken;
  }
  void give_back(const std::vector<ProductId>& products) {
    const std::lock_guard lock(mutex);
    for (const ProductId id : products) held.erase(id);
  }
};

EditLocks::EditLocks(Clock& clock) : clock_(clock), state_(std::make_shared<State>()) {}

EditLocks::Held::~Held() {
  if (state_) state_->give_back(products_);
}

Awaitable<Result<EditLocks::Held>> EditLocks::hold(std::vector<ProductId> products) {
  const Monotonic latest = clock_.monotonic() + limits::edit_wait;
  while (!state_->take(products)) {
    if (clock_.monotonic() >= latest) {
      co_return Failure(Error::overloaded, "Somebody else is editing this product; nothing was done. Repeat.")
          .retry_in(std::chrono::seconds{1});
    }
    co_await clock_.sleep_for(limits::edit_wait_pause);
  }
  co_return Held(state_, std::move(products));
}

}  // namespace buyme::product
