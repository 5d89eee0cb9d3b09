#include "simulation/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace buyme::simulation {

using namespace std::chrono_literals;

namespace {

class Draw {
 public:
  Draw(std::uint64_t seed, const Wish& wish) : wish_(wish), random_(seed, "scenario") { sale_.seed = seed; }

  Scenario run() {
    draw_shape();
    draw_settings();
    draw_products();
    draw_buyers();
    draw_shipping();
    if (wish_.faults) {
      draw_terms();
      draw_ends();
      draw_likelihoods();
      draw_incidents();
    }
    sale_.heals_at = length_ + Duration{random_.below(Duration(5s).count())};
    return std::move(sale_);
  }

 private:
  Duration below(Duration most) {
    return Duration{static_cast<std::int64_t>(random_.below(most.count() + 1))};
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(double probability) { return random_.chance(probability); }

  void draw_shape() {
    sale_.shape = wish_.shape.value_or(chance(0.35) ? Shape::one_shop : Shape::split);
    sale_.store = wish_.store.value_or(chance(0.1) ? StoreKind::sqlite : StoreKind::memory);
    if (sale_.shape == Shape::split) sale_.order_servers = chance(0.8) ? 2 : chance(0.5) ? 1 : 3;
    sale_.shuffle = chance(0.5);
    sale_.latency = chance(0.2) ? Duration{0} : below(20ms);
    length_ = 1s + below(8s);
  }

  void draw_settings() {
    auto& writer = sale_.settings.writer;
    writer.decide.hold = Milliseconds{between(1'000, 8'000)};
    writer.decide.payment_grace = Milliseconds{between(0, 5'000)};
    // An embedded file has one server; a database server may have others, and commits on their way from the
    // dead.
    writer.shares_store = sale_.shape == Shape::split;
    if (chance(0.15)) writer.queue = static_cast<std::size_t>(between(2, 20));
    sale_.settings.payment.timeout = std::chrono::milliseconds{between(500, 4'000)};
    sale_.success_rate = chance(0.2) ? 1.0 : chance(0.1) ? 0.2 : 0.8;
  }

  void draw_products() {
    const std::size_t count = wish_.units ? 1 : chance(0.5) ? 1 : static_cast<std::size_t>(between(2, 4));
    for (std::size_t i = 0; i < count; ++i) {
      ProductPlan product;
      product.total = wish_.units.value_or(chance(0.1) ? between(0, 2) : between(1, 30));
      product.price = chance(0.05) ? 0 : between(1, 1'000) * 100;
      if (chance(0.4)) product.limit = between(1, 3);
      if (!wish_.units && chance(0.2)) product.opens_at = below(length_ / 2);
      if (!wish_.units && chance(0.1)) product.closes_at = length_ / 2 + below(length_ / 2);
      sale_.products.push_back(product);
    }
  }

  void draw_buyers() {
    const auto count =
        wish_.buyers.value_or(static_cast<std::size_t>(chance(0.1) ? between(80, 150) : between(3, 60)));
    const bool at_once = chance(0.5);
    for (std::size_t i = 0; i < count; ++i) {
      BuyerPlan buyer;
      // Some come back for more, which a limit is there for.
      const bool again = i > 0 && chance(0.15);
      buyer.user = again ? between(1, static_cast<std::int64_t>(i)) : static_cast<std::int64_t>(i) + 1;
      buyer.at = at_once ? below(50ms) : below(length_ * 3 / 4);
      draw_lines(buyer);
      buyer.has_key = chance(0.85);
      const double then = random_.uniform();
      buyer.then = then < 0.7    ? BuyerPlan::Then::pays
                   : then < 0.8  ? BuyerPlan::Then::cancels
                   : then < 0.92 ? BuyerPlan::Then::walks_away
                                 : BuyerPlan::Then::pays_and_cancels_meanwhile;
      buyer.cancels_when_paid = chance(0.12);
      buyer.payment_tries = static_cast<int>(between(1, 4));
      sale_.buyers.push_back(std::move(buyer));
    }
  }

  void draw_lines(BuyerPlan& buyer) {
    const std::size_t products = sale_.products.size();
    const std::size_t lines = chance(0.75) ? 1 : static_cast<std::size_t>(between(1, 4));
    for (std::size_t i = 0; i < lines; ++i) {
      const auto product = static_cast<std::int64_t>(random_.below(products)) + 1;
      buyer.lines.push_back({ProductId{product}, chance(0.8) ? 1 : between(1, 4)});
    }
  }

  // Days of seconds, so that a sale sees several.
  void draw_shipping() {
    if (!chance(0.4)) return;
    sale_.day = 1s + below(4s);
    for (auto& buyer : sale_.buyers) {
      buyer.sends_back = chance(0.3);
      if (chance(0.5)) buyer.returns = between(1, 2);
      buyer.returns_with_key = chance(0.5);
      buyer.keeps_promise = chance(0.8);
      buyer.restock = chance(0.5);
    }
  }

  void draw_ends() {
    if (!chance(0.2)) return;
    for (std::int64_t i = between(1, 3); i > 0; --i) {
      sale_.ends.push_back({below(length_), between(1, static_cast<std::int64_t>(sale_.buyers.size()))});
    }
  }

  void draw_terms() {
    if (wish_.units || !chance(0.3)) return;
    for (std::int64_t i = between(1, 4); i > 0; --i) {
      TermsPlan change;
      change.at = below(length_);
      change.product = random_.below(sale_.products.size());
      const double what = random_.uniform();
      if (what < 0.4) change.add_units = between(-5, 10);
      if (what >= 0.4 && what < 0.7) {
        change.limit = chance(0.3) ? std::optional<Units>{} : std::optional<Units>{between(1, 3)};
      }
      if (what >= 0.7) change.state = order::SaleState::paused;
      sale_.terms.push_back(change);
      if (!change.state || chance(0.2)) continue;
      change.at += below(2s);
      change.state = order::SaleState::active;
      sale_.terms.push_back(change);
    }
  }

  void enable(std::initializer_list<Fault> kinds, double share, double most) {
    for (const auto kind : kinds) {
      if (chance(share)) sale_.likelihood[static_cast<std::size_t>(kind)] = random_.uniform() * most;
    }
  }

  void draw_likelihoods() {
    if (chance(0.1)) return;  // now and then all goes well
    const bool split = sale_.shape == Shape::split;
    enable({Fault::commit_refused, Fault::store_away}, 0.2, 0.15);
    enable({Fault::store_hangs}, 0.15, 0.05);
    enable({Fault::marks_away}, 0.1, 0.5);
    enable({Fault::killed_in_commit}, 0.15, 0.04);
    enable({Fault::payments_away}, 0.2, 0.2);
    enable({Fault::provider_times_out, Fault::provider_charges_late, Fault::provider_fails}, 0.25, 0.3);
    enable({Fault::buyer_leaves, Fault::retry_without_key}, 0.25, 0.1);
    enable({Fault::double_click, Fault::cancel_while_paying}, 0.3, 0.3);
    if (!split) return;
    if (sale_.store == StoreKind::memory) {
      enable({Fault::commit_answer_lost, Fault::commit_lost, Fault::commit_late}, 0.3, 0.15);
    }
    enable({Fault::gate_forgets, Fault::gate_goes_stale, Fault::gate_hears_twice, Fault::gate_away}, 0.2,
           0.2);
    enable({Fault::message_delayed, Fault::message_dropped, Fault::answer_dropped, Fault::message_repeated},
           0.25, 0.2);
  }

  void draw_incidents() {
    sale_.drift_ppm.resize(sale_.processes(), 0);
    if (chance(0.2)) {
      for (auto& drift : sale_.drift_ppm) drift = between(-500, 500);
    }
    if (!chance(0.4)) return;
    for (std::int64_t i = between(1, 3); i > 0; --i) {
      Incident incident;
      incident.at = chance(0.5) ? below(1s) : below(length_);
      incident.process = random_.below(sale_.processes());
      const double kind = random_.uniform();
      incident.kind = kind < 0.4    ? Incident::Kind::kill
                      : kind < 0.65 ? Incident::Kind::stop
                      : kind < 0.9  ? Incident::Kind::pause
                                    : Incident::Kind::clock_jump;
      incident.length = incident.kind == Incident::Kind::pause ? below(6s) : below(3s);
      incident.jump = Milliseconds{between(-5'000, 5'000)};
      sale_.incidents.push_back(incident);
    }
  }

  const Wish& wish_;
  Random random_;
  Scenario sale_;
  Duration length_{0};
};

}  // namespace

Scenario draw_scenario(std::uint64_t seed, const Wish& wish) {
  return Draw(seed, wish).run();
}

std::string describe(const Scenario& sale) {
  Units units = 0;
  for (const auto& product : sale.products) units += product.total;
  std::string faults;
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    if (sale.likelihood[i] <= 0) continue;
    faults += fmt::format("{}{} {:.0f} %", faults.empty() ? "" : ", ", name_of(static_cast<Fault>(i)),
                          sale.likelihood[i] * 100);
  }
  return fmt::format("{}, {} order server{}, {}, {} buyers, {} units of {} products, {} incidents{}; {}",
                     sale.shape == Shape::split ? "split" : "one shop", sale.order_servers,
                     sale.order_servers == 1 ? "" : "s",
                     sale.store == StoreKind::memory ? "memory" : "sqlite", sale.buyers.size(), units,
                     sale.products.size(), sale.incidents.size(), sale.day ? ", shipping" : "",
                     faults.empty() ? "no faults" : faults);
}

}  // namespace buyme::simulation
