#include "db/lease.hpp"

#include "core/limits.hpp"
#include "core/random.hpp"
#include "db/sql.hpp"

namespace buyme::db {

namespace {

constexpr auto create_table =
    "CREATE TABLE IF NOT EXISTS job_leases(job VARCHAR(64) NOT NULL PRIMARY KEY, "
    "holder VARCHAR(64) NOT NULL, token BIGINT NOT NULL, expires_at BIGINT NOT NULL) "
    "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
constexpr auto insert_row =
    "INSERT IGNORE INTO job_leases(job, holder, token, expires_at) VALUES(:job, '', 0, 0)";
constexpr auto lock_row =
    "SELECT holder, token, expires_at, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) FROM job_leases "
    "WHERE job = :job FOR UPDATE";
constexpr auto update_row =
    "UPDATE job_leases SET holder = :holder, token = :token, expires_at = :expires_at WHERE job = :job";

class SqlLease final : public JobLease {
 public:
  SqlLease(const DatabaseAddress& address, std::string job, Pool& pool, Clock& clock)
      : database_(address, 1, Schema{}), job_(std::move(job)), pool_(pool), clock_(clock) {
    if (address.mysql() == nullptr) throw std::logic_error("a lease for several servers needs a server");
    database_.with_session([](soci::session& session) {
      session << create_table;
      return 0;
    });
  }

  Awaitable<std::optional<Fence>> hold() override {
    const Monotonic asked = clock_.monotonic();
    std::optional<Fence> fence;
    if (token_ != 0 && asked < held_since_ + limits::job_lease_renewal) {
      fence.emplace(job_, token_);
      co_return fence;
    }
    auto ask = [this] { return take(); };
    const auto token = co_await pool_.run(std::move(ask));
    if (token) {
      token_ = *token;
      held_since_ = asked;  // before the database counted, so it ends here first
    } else if (asked >= held_since_ + limits::job_lease) {
      co_return fence;  // nobody can say; what is left of an earlier answer has run out
    }
    if (token_ != 0) fence.emplace(job_, token_);
    co_return fence;
  }

 private:
  // Its token, or 0 while another server holds it. Who still finds himself in the row has missed nothing.
  Result<std::int64_t> take() {
    try {
      return database_.with_transaction([this](soci::session& session) { return take_in(session); });
    } catch (const soci::soci_error& error) {
      return Failure(Error::store_unavailable, error.what());
    }
  }

  std::int64_t take_in(soci::session& session) {
    session << insert_row, soci::use(job_);
    std::string holder;
    long long token = 0, expires_at = 0, now = 0;
    session << lock_row, soci::use(job_), soci::into(holder), soci::into(token), soci::into(expires_at),
        soci::into(now);
    if (holder != self_) {
      if (expires_at > now) return 0;
      ++token;
    }
    expires_at = now + std::chrono::milliseconds(limits::job_lease).count();
    session << update_row, soci::use(self_), soci::use(token), soci::use(expires_at), soci::use(job_);
    return token;
  }

  SqlDatabase database_;
  const std::string self_ = secure_random_hex(16);
  const std::string job_;
  Pool& pool_;
  Clock& clock_;
  std::int64_t token_ = 0;
  Monotonic held_since_{};
};

}  // namespace

std::unique_ptr<JobLease> make_sql_lease(const DatabaseAddress& address, std::string job, Pool& pool,
                                         Clock& clock) {
  return std::make_unique<SqlLease>(address, std::move(job), pool, clock);
}

}  // namespace buyme::db
