#include "user/ending.hpp"

#include "core/limits.hpp"

namespace buyme::user {

AccountEnding::AccountEnding(UserStore& store, Denylist& denylist, order::OrderApi& orders,
                             product::ProductApi& products, Pool& database, Clock& clock, Log log)
    : store_(store),
      denylist_(denylist),
      orders_(orders),
      products_(products),
      database_(database),
      clock_(clock),
      log_(std::move(log)) {}

Awaitable<Result<void>> AccountEnding::end(UserId id, Trace trace) {
  const Time now = clock_.now();
  auto end_it = [this, id, now] {
    auto ended = store_.end_account(id, now);
    const Denial denial = denial_of_account(id, now);
    if (ended) denylist_.deny({&denial, 1});
    return ended;
  };
  const auto ended = co_await database_.run(std::move(end_it));
  if (!ended) co_return ended.error();
  log_->info("the account of user {} has ended", id.value);
  co_await clear(id, trace);
  co_return Result<void>();
}

// True when nothing is left. If one fails the other is done all the same.
Awaitable<bool> AccountEnding::clear(UserId user, Trace trace) {
  const auto canceled = co_await orders_.cancel_unpaid(user, trace);
  if (!canceled) {
    log_->warn("unpaid orders of user {}, whose account has ended, are canceled later: {}", user.value,
               canceled.error().detail);
  }
  const auto forgotten = co_await products_.forget_user(user, trace);
  if (!forgotten) {
    log_->warn("wishes of user {}, whose account has ended, are removed later: {}", user.value,
               forgotten.error().detail);
  }
  co_return canceled.has_value() && forgotten.has_value();
}

Awaitable<void> AccountEnding::run_sweeper(db::JobLease& lease) {
  for (;;) {
    co_await sweep(lease);
    co_await clock_.sleep_for(limits::user_sweep_pause);
  }
}

Awaitable<void> AccountEnding::sweep(db::JobLease& lease) {
  UserId after;
  for (;;) {
    const auto fence = co_await lease.hold();
    if (!fence) co_return;
    auto read_them = [this, after] { return store_.endings(after, limits::user_sweep_chunk); };
    const auto endings = co_await database_.run(std::move(read_them));
    if (!endings) co_return;  // met again in the next pass
    for (const Ending& ending : *endings) co_await finish(ending, *fence);
    if (endings->size() < limits::user_sweep_chunk) break;
    after = endings->back().user;
  }
  const auto fence = co_await lease.hold();
  if (!fence) co_return;
  auto forget_them = [this, fence] {
    return store_.forget_sessions(clock_.now(), limits::user_sweep_chunk, *fence);
  };
  const auto forgotten = co_await database_.run(std::move(forget_them));
  if (!forgotten) log_->warn("sessions that are over stay for now: {}", forgotten.error().detail);
}

// An order that was admitted before the tokens were denied may be placed behind a cancel, which overtakes it,
// and so may a wish: an ending is settled only when it was cleared later than any such request.
Awaitable<void> AccountEnding::finish(Ending ending, db::Fence fence) {
  const Denial denial = denial_of_account(ending.user, ending.since);
  denylist_.deny({&denial, 1});  // the request may have been told "unknown" of the transaction
  const bool settles = clock_.now() >= ending.since + limits::ending_settles;
  const bool cleared = co_await clear(ending.user, Trace());
  if (!cleared || !settles) co_return;
  auto settle_it = [this, user = ending.user, fence] { return store_.settle_ending(user, fence); };
  const auto settled = co_await database_.run(std::move(settle_it));
  if (!settled)
    log_->warn("the end of user {} is settled later: {}", ending.user.value, settled.error().detail);
}

}  // namespace buyme::user
