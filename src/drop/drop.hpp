// The rehearsal: a crowd of buyers against a running shop over real HTTP, and afterwards a verdict on whether
// the sale added up, reached from the outside alone (what buyers were told against what the shop shows).
//
//   Settings -> run() -> Verdict -> report()
//
// run() opens its connections beforehand, lets every buyer click at a moment fixed in advance (open loop:
// latency counts from that moment, so a shop that stalls cannot hide it), reads the books and hands both to
// check(), see checker.hpp.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/money.hpp"
#include "drop/arrival.hpp"
#include "drop/checker.hpp"
#include "drop/histogram.hpp"
#include "drop/tokens.hpp"

namespace buyme::drop {

struct Settings {
  std::string url = "http://127.0.0.1:8080";  // http only; a path in it is put before /api
  std::string admin_token;                    // makes the product and reads the books; unused when trusted
  bool trusted = false;           // the shop runs with auth=trusted: no tokens, userId goes in the body
  std::vector<Buyer> buyer_list;  // needed unless trusted; at least `buyers` of them
  std::int64_t first_user = 1;    // trusted: buyers are first_user, first_user + 1, ...

  int buyers = 10'000;
  int connections = 2'000;  // kept open and shared by the buyers; fewer when the process may not open so many
  Arrival arrival;
  std::uint64_t seed = 1;

  std::optional<std::int64_t> product_id;  // an existing product; its stock and limit then count
  Units stock = 700;
  Units per_user_limit = 1;  // 0: none
  Money price = 10'000;

  bool pay = false;           // winners pay, but those who abandon
  double abandon = 0.1;       // share of winners who never pay
  double double_click = 0.1;  // share of buyers who send their order twice at once with one key
  double retry = 0.05;        // share whose connection is cut before the answer, who repeat with the same key
  double greedy = 0.05;       // share of winners who try for more than the per-user limit

  Milliseconds give_up{60'000};          // a buyer repeats 503s and lost connections for so long
  Milliseconds request_timeout{15'000};  // one request; after it the connection is given up

  std::string json_path;  // written by report() when not empty
  std::string html_path;
  bool terminal = false;  // progress in one line that is redrawn, and colour
};

// What happened, by number. "Orders" and "refusals" count idempotency keys, not HTTP answers.
struct Counts {
  std::int64_t buyers = 0;
  std::int64_t clicks = 0;    // idempotency keys used
  std::int64_t requests = 0;  // HTTP requests sent for placing and paying
  std::int64_t ordered = 0;
  std::int64_t sold_out = 0;
  std::int64_t limit_exceeded = 0;
  std::int64_t refused = 0;           // some other final answer
  std::int64_t unanswered = 0;        // no final answer within give_up
  std::int64_t double_clicks = 0;     // clicks sent twice at once
  std::int64_t cuts = 0;              // connections cut on purpose before the answer
  std::int64_t replays = 0;           // answers marked Idempotent-Replayed
  std::int64_t overloaded = 0;        // 503 answers, each repeated later
  std::int64_t transport_errors = 0;  // connections lost, refused or timed out without intent
  std::int64_t greedy = 0;            // keys that tried for more than the limit allows
  std::int64_t paid = 0;
  std::int64_t declined = 0;            // 402 answers
  std::int64_t payments_given_up = 0;   // declined three times
  std::int64_t payments_refunded = 0;   // the payment came too late
  std::int64_t payments_undecided = 0;  // no final answer
  std::int64_t abandoned = 0;
};

// One stretch of the sale. Counts are of what fell into the stretch; latencies are of the placements answered
// in it.
struct Slice {
  double from_s = 0;  // after the first intended click
  double to_s = 0;
  std::int64_t clicks = 0;
  std::int64_t ordered = 0;
  std::int64_t sold_out = 0;
  std::int64_t other = 0;  // limit exceeded, refused
  std::int64_t overloaded = 0;
  std::int64_t paid = 0;
  std::int64_t declined = 0;
  std::int64_t p50_us = 0;
  std::int64_t p99_us = 0;
  std::int64_t max_us = 0;
};

struct Verdict {
  bool passed = false;
  std::vector<Check> checks;
  Counts counts;
  Histogram place;  // intended click to final answer
  Histogram pay;    // meaning to pay to the answer of that attempt
  std::vector<Slice> timeline;
  StockLevel stock;             // when all was over
  StockLevel stock_before;      // when the first buyer clicked
  std::int64_t product_id = 0;  // the one that was sold
  Units per_user_limit = 0;
  double seconds = 0;       // first intended click to last answer
  double sell_seconds = 0;  // first intended click to the last unit's 201; 0 when nothing sold
  double answers_per_second = 0;
  Time started_at{};
};

// The rehearsal could not be held: the shop cannot be reached, refused the admin, too few tokens.
// what() says which and what to do.
class DropError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Holds the sale and judges it. Blocks; runs its own event loop on the calling thread. May raise this
// process's soft limit of open files. `progress` gets the live lines. Throws DropError.
Verdict run(const Settings& settings, Clock& clock, std::ostream& progress);

// Prints the verdict and writes the JSON and HTML files that the settings name. Returns the exit status:
// 0 only when every check passed. Throws DropError when a file cannot be written.
int report(const Settings& settings, const Verdict& verdict, std::ostream& out);

std::string render_text(const Settings& settings, const Verdict& verdict, bool colour);
std::string render_json(const Settings& settings, const Verdict& verdict);
std::string render_html(const Settings& settings, const Verdict& verdict);

}  // namespace buyme::drop
