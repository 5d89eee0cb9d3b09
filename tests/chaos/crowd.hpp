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
#include "drop/checker.hpp"
#include "support/shop_process.hpp"

namespace buyme::test {

// One buyer's wish, and what he was told.
struct Purchase {
  Account account;
  enum class Plan : std::uint8_t { pay, walk_away, cancel } plan = Plan::pay;
  bool begun = false;  // else he was sent home before his turn
  drop::Attempt attempt;
};
Purchase make_purchase(const Account& account, std::string key, std::int64_t product);

// Thread safety: what the test calls while buyers are under way is atomic or locked.
class Crowd {
 public:
  explicit Crowd(std::vector<Purchase> purchases) : purchases_(std::move(purchases)) {}
  ~Crowd() { wait(); }

  // The buyers in `threads` at once, one after the other in each. `port` changes when the shop restarts.
  void start(const std::atomic<std::uint16_t>& port, std::size_t threads);
  void wait();
  // Buyers that have not begun yet leave.
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

// A product as it was when its sale began.
drop::ProductView put_up(std::int64_t product, std::int64_t total, std::int64_t per_user_limit = 0);

// The running shop shows what the buyers of one product were told: each order and the stock, as drop::check()
// understands them. Orders that nobody was told of are seen by expect_books().
void expect_as_told(HttpClient& admin, const drop::ProductView& product,
                    const std::vector<Purchase>& purchases);

// All that the buyers were told, against the books of a shop that is stopped or idle; and the audit of these.
void expect_books(const std::filesystem::path& directory, const std::vector<drop::ProductView>& products,
                  const std::vector<Purchase>& purchases);

// BUYME_CHAOS_SEED, or one of this day's; printed, so that a failure can be repeated.
std::uint64_t chaos_seed();
int chaos_rounds(int normal);  // BUYME_CHAOS_ROUNDS

}  // namespace buyme::test
