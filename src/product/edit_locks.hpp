// One edit of a product at a time in this process, so that an edit that is refused and one that finishes it
// after a time-out never meet. What keeps the data right beside other servers are the versions in the
// database.
//
// Thread safety: all calls from any executor. A Held may outlive the locks.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

namespace buyme::product {

class EditLocks {
  struct State;

 public:
  // Lets go of its products when it ends.
  class Held {
   public:
    Held(std::shared_ptr<State> state, std::vector<ProductId> products)
        : state_(std::move(state)), products_(std::move(products)) {}
    Held(Held&&) noexcept = default;
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    std::shared_ptr<State> state_;
    std::vector<ProductId> products_;
  };

  explicit EditLocks(Clock& clock);

  // All of them or none, in the order in which they were asked for. overloaded after limits::edit_wait:
  // nothing was done.
  Awaitable<Result<Held>> hold(std::vector<ProductId> products);

 private:
  Clock& clock_;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::product
