// A sale is held against three things: what its buyers saw and what its books say (shared with the rehearsal,
// the audit and the chaos tests), what the database held at every moment (only a simulation knows that), and
// that everything came to rest.
#include "simulation/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>
#include <unordered_map>

#include "audit/audit.hpp"
#include "core/limits.hpp"
#include "simulation/world.hpp"
#include "support/testimony.hpp"

namespace buyme::simulation {

namespace {

using namespace std::chrono_literals;

class Judgement {
 public:
  Judgement(const Scenario& sale, const Remains& remains, const World& world)
      : sale_(sale), remains_(remains), world_(world) {}

  std::vector<std::string> run() {
    violations_ = remains_.bugs;
    drop::ShopView view = test::view_of(remains_.books, remains_.products);
    view.clock_tolerance = 2s + worst_clock();
    for (auto& line : test::broken_promises(remains_.seen, view, remains_.books)) {
      violations_.push_back(std::move(line));
    }
    everything_is_at_rest();
    sold_out_was_true_then();
    as_much_went_back_as_was_asked();
    winners_are_led_to_their_orders();
    one_server_is_never_contradicted();
    the_store_is_blamed_only_for_faults();
    return std::move(violations_);
  }

 private:
  bool likely(Fault fault) const { return sale_.likelihood[static_cast<std::size_t>(fault)] > 0; }

  Milliseconds worst_clock() const {
    Milliseconds worst{0};
    for (const auto& incident : sale_.incidents) worst += std::chrono::abs(incident.jump);
    return worst;
  }

  Duration paused_in_all() const {
    Duration paused{0};
    for (const auto& incident : sale_.incidents) {
      if (incident.kind == Incident::Kind::pause) paused += incident.length;
    }
    return paused;
  }

  // No unit is stuck behind the last hold, no payment is open, no refund is owed.
  void everything_is_at_rest() {
    if (!remains_.settled) violations_.push_back("the shop did not come to rest");
    for (const auto& finding : audit::audit(remains_.books)) {
      if (finding.kind != audit::Finding::Kind::note) continue;
      violations_.push_back(fmt::format("left at the end: {}: {}", finding.check, finding.detail));
    }
  }

  // However often he had to ask, and whatever became of the rounds in which he was heard.
  void as_much_went_back_as_was_asked() {
    std::unordered_map<std::int64_t, Units> went;
    for (const auto& item : remains_.books.items) {
      const auto status = static_cast<order::ItemStatus>(item.status);
      const bool back =
          status == order::ItemStatus::return_requested || status == order::ItemStatus::returned;
      if (back) went[item.order.value] += item.quantity;
    }
    for (const auto& asked : remains_.sent_back) {
      const Units units = went[asked.order.value];
      if (units == asked.units || (units == 0 && !asked.acknowledged)) continue;
      violations_.push_back(fmt::format("order {}: {} units go back, {} were asked for", asked.order.value,
                                        units, asked.units));
    }
  }

  // Refused from a ledger that may be limits::ledger_freshness old, and never from an older one. Several
  // servers: less what those got who stood before him in the same round. One server: a unit is free once the
  // commit that gives it back has answered, and a paused server does not hear the answer.
  void sold_out_was_true_then() {
    const bool unanswered_commits = sale_.shape == Shape::one_shop && likely(Fault::store_hangs);
    const Duration unheard = sale_.shape == Shape::one_shop ? paused_in_all() : Duration{0};
    const Duration slack =
        limits::ledger_freshness + unheard + (unanswered_commits ? Duration{longest_hang} : Duration{10ms});
    for (const auto& told : remains_.sold_out) {
      const auto since = told.sent - slack;
      const bool some_line_lacked = std::ranges::any_of(told.lines, [&](const order::OrderLine& line) {
        const LedgerLog& log = world_.ledgers();
        const Units ahead =
            sale_.shape == Shape::split ? log.most_raised(line.product, told.sent, told.answered) : 0;
        return log.fewest_free(line.product, since, told.answered) - ahead < line.quantity;
      });
      if (some_line_lacked) continue;
      violations_.push_back(fmt::format(
          "user {} was told SOLD_OUT at {} ms though enough of product {} was free all the time", told.user,
          std::chrono::floor<Milliseconds>(told.answered).count(), told.lines[0].product.value));
      break;
    }
  }

  // Who repeats the key of an order is led to it; another server than the one that placed it may be behind.
  void winners_are_led_to_their_orders() {
    const Duration behind = sale_.shape == Shape::split ? limits::ledger_freshness + 10ms : 0ms;
    for (const auto& told : remains_.sold_out) {
      if (told.key.empty()) continue;
      const auto placed = world_.ledgers().placed_at(UserId{told.user}, told.key);
      if (!placed || *placed + behind >= told.sent) continue;
      violations_.push_back(fmt::format("user {} (key {}) was told SOLD_OUT at {} ms, {} ms after his order",
                                        told.user, told.key,
                                        std::chrono::floor<Milliseconds>(told.answered).count(),
                                        std::chrono::floor<Milliseconds>(told.sent - *placed).count()));
      break;
    }
  }

  // Where one server writes, its own copy is the ledger: the second line of defence has nothing to do.
  void one_server_is_never_contradicted() {
    if (sale_.shape == Shape::split || remains_.rejected_rounds == 0) return;
    violations_.push_back(
        fmt::format("the database refused {} rounds of the only server", remains_.rejected_rounds));
  }

  void the_store_is_blamed_only_for_faults() {
    const bool faulty = likely(Fault::commit_refused) || likely(Fault::store_away) ||
                        likely(Fault::commit_lost) || likely(Fault::commit_late) ||
                        likely(Fault::commit_answer_lost);
    const bool blamed =
        std::ranges::find(remains_.unavailable, Error::store_unavailable) != remains_.unavailable.end();
    if (blamed && !faulty) {
      violations_.push_back("STORE_UNAVAILABLE was said though the store had no fault");
    }
  }

  const Scenario& sale_;
  const Remains& remains_;
  const World& world_;
  std::vector<std::string> violations_;
};

}  // namespace

Verdict simulate(std::uint64_t seed, const Wish& wish, bool keep_lines) {
  const Scenario sale = draw_scenario(seed, wish);
  World world(sale, keep_lines);
  const Remains remains = world.run();
  Verdict verdict;
  verdict.seed = seed;
  verdict.violations = Judgement(sale, remains, world).run();
  verdict.hash = world.trace().hash();
  verdict.coverage = world.coverage();
  verdict.orders = static_cast<std::int64_t>(remains.books.orders.size());
  verdict.refusals = static_cast<std::int64_t>(remains.sold_out.size());
  verdict.steps = world.steps();
  verdict.lasted = world.lasted();
  verdict.lines = world.trace().lines();
  return verdict;
}

std::vector<Trace::Line> lines_about(const Verdict& verdict) {
  static const std::regex subject("(order|user|attempt|key|product) k?[0-9]+");
  std::set<std::string> subjects;
  for (const auto& violation : verdict.violations) {
    for (std::sregex_iterator at(violation.begin(), violation.end(), subject), end; at != end; ++at) {
      subjects.insert(at->str());
    }
  }
  std::vector<Trace::Line> about;
  for (const auto& line : verdict.lines) {
    const bool named = std::ranges::any_of(subjects, [&](const std::string& name) {
      const auto at = line.text.find(name);
      if (at == std::string::npos) return false;
      const auto behind = at + name.size();
      return behind == line.text.size() || std::isdigit(static_cast<unsigned char>(line.text[behind])) == 0;
    });
    const bool happened_to_all = line.text.starts_with("fault:") ||
                                 line.text.find("incident") != std::string::npos ||
                                 line.text.find("is killed") != std::string::npos;
    if (named || happened_to_all || subjects.empty()) about.push_back(line);
  }
  return about;
}

}  // namespace buyme::simulation
