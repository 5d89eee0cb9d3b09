// Buyers who want something and do not give up: whoever has no answer repeats with the same key until he has
// a final one, whatever happens to the shop meanwhile. What they saw is what the shop is held to afterwards.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/random.hpp"
#include "support/shop_process.hpp"

namespace buyme::test {

enum class Ending : std::uint8_t {
  open,     // not final yet
  refused,  // sold out, or over his limit: placed nothing
  unpaid,   // holds his units without paying
  paid,
  canceled,
};

// One buyer's wish, and what he was told.
struct Purchase {
  Account account;
  std::string key;
  std::int64_t product = 0;
  std::int64_t quantity = 1;
  enum class Plan : std::uint8_t { pay, walk_away, cancel } plan = Plan::pay;

  std::string placed;  // the body of the first 201
  std::int64_t order = 0;
  Ending ending = Ending::open;
};

// Thread safety: what the test calls while buyers are under way is atomic or locked.
class Crowd {
 public:
  explicit Crowd(std::vector<Purchase> purchases) : purchases_(std::move(purchases)) {}
  ~Crowd() { wait(); }

  // The buyers in `threads` at once, one after the other in each. `port` changes when the shop restarts.
  void start(const std::atomic<std::uint16_t>& port, std::size_t threads);
  void wait();
  // Buyers that have not begun yet leave without a wish; endings stay open.
  void send_home() { leaving_ = true; }

  int placements() const { return placements_; }    // answered with 201, so far
  int payments() const { return payments_; }        // answered, so far
  int unavailable() const { return unavailable_; }  // 503 answers, so far
  int cut() const { return cut_; }                  // requests without an answer, so far
  bool is_over() const { return running_ == 0; }

  const std::vector<Purchase>& purchases() const { return purchases_; }
  std::vector<std::string> complaints() const;           // answers that no shop may give
  std::map<std::string, int> unavailable_codes() const;  // of the 503 answers, with how many of each

 private:
  class Buyer;
  void complain(std::string what);
  void count_unavailable(const HttpReply& reply);

  std::vector<Purchase> purchases_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<int> placements_ = 0, payments_ = 0, unavailable_ = 0, cut_ = 0, running_ = 0;
  std::atomic<bool> leaving_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> complaints_;
  std::map<std::string, int> unavailable_codes_;
};

// One wish for each of the accounts, with keys "NAME-0", "NAME-1", and so on. `random` chooses who pays.
std::vector<Purchase> make_purchases(const std::vector<Account>& accounts, std::int64_t product,
                                     std::string_view name, Random& random);

// Every purchase is as its buyer was told, readable and with the same content, and the product's stock is
// exactly their sum.
void expect_as_told(HttpClient& admin, std::int64_t product, std::int64_t total,
                    const std::vector<Purchase>& purchases);

// The books of all databases of a shop that is stopped or idle: audit, one kept charge per paid order, one
// order per 201.
void expect_books(const std::filesystem::path& directory, const std::vector<Purchase>& purchases);

// BUYME_CHAOS_SEED, or one of this day's; printed, so that a failure can be repeated.
std::uint64_t chaos_seed();
int chaos_rounds(int normal);  // BUYME_CHAOS_ROUNDS

}  // namespace buyme::test
