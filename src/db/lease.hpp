// Jobs that run on one server at a time: expiry, shipping, the sweepers.
//
// A lease is a row of `job_leases` in the database of the service that the job belongs to, good for
// limits::job_lease and renewed by whoever holds it. A holder may be paused for longer than that and wake up
// in mid-chunk, so the lease alone guards nothing: every time it changes hands its token grows, and each
// transaction of the job shows the token under which its chunk began (check_fence in db/sql.hpp). Where the
// row has another one by then, the transaction is refused; and while it has not ended, the lease cannot
// change hands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/pool.hpp"
#include "db/address.hpp"

namespace buyme::db {

struct Fence {
  std::string job;
  std::int64_t token = 0;  // 0: there is no other server, and nothing to check
};

// One per job. One caller at a time.
class JobLease {
 public:
  virtual ~JobLease() = default;

  // To be asked before each chunk: takes the lease, or renews it when it grows old. nullopt while another
  // server holds it, or when the database cannot say.
  virtual Awaitable<std::optional<Fence>> hold() = 0;
};

// All-in-one: the directory's lock proves that there is no other server, so the lease is held from the start.
// Thread-safe.
class SoleServer final : public JobLease {
 public:
  Awaitable<std::optional<Fence>> hold() override {
    std::optional<Fence> fence(std::in_place);
    co_return fence;
  }
};
inline JobLease& sole_server() {
  static SoleServer always;
  return always;
}

// Over the MySQL database at `address`, in which it makes its table where that is missing; it asks in `pool`
// and tells the age of its lease by `clock`. Times in the row are the database's own, so clocks of servers
// that differ do no harm. Throws as SqlDatabase does.
std::unique_ptr<JobLease> make_sql_lease(const DatabaseAddress& address, std::string job, Pool& pool,
                                         Clock& clock);

}  // namespace buyme::db
