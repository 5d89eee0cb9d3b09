// Accounts that end. The first transaction is the end for everybody who looks: the person's data are gone,
// nobody can log in, the address is free. What is left is the orders that were never paid and the wishes; a
// sweeper sees to them whatever happens in between.
//
// Thread-safe, as UserService is. Runs on executors that the order service knows as homes.
#pragma once

#include "core/log.hpp"
#include "core/pool.hpp"
#include "order/api.hpp"
#include "product/api.hpp"
#include "user/denylist.hpp"
#include "user/store.hpp"

namespace buyme::user {

class AccountEnding {
 public:
  // What is passed by reference must outlive this, and this what runs in the pool.
  AccountEnding(UserStore& store, Denylist& denylist, order::OrderApi& orders, product::ProductApi& products,
                Pool& database, Clock& clock, Log log);

  // Ends the account, then its tokens, then its unpaid orders and its wishes, in this order: who is told that
  // the account is gone finds that nothing can be bought with it. Once the account has ended this succeeds;
  // what could not be done for orders and wishes now is done by the sweeper. Errors: not_found, illegal_state
  // (of the last admin), overloaded, store_unavailable.
  Awaitable<Result<void>> end(UserId id, Trace trace = {});

  // Spawned once: finishes what is left, at once and then every limits::user_sweep_pause, until its context
  // ends; forgets sessions that are over, too. Does nothing while another server holds the lease.
  Awaitable<void> run_sweeper(db::JobLease& lease = db::sole_server());
  Awaitable<void> sweep(db::JobLease& lease = db::sole_server());  // one pass

 private:
  Awaitable<bool> clear(UserId user, Trace trace);
  Awaitable<void> finish(Ending ending, db::Fence fence);

  UserStore& store_;
  Denylist& denylist_;
  order::OrderApi& orders_;
  product::ProductApi& products_;
  Pool& database_;
  Clock& clock_;
  Log log_;
};

}  // namespace buyme::user
