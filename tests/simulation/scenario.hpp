// A sale to be simulated, drawn whole from its seed: who comes when and wants what, what the merchant does,
// what goes wrong.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "order/service.hpp"
#include "simulation/faults.hpp"
#include "simulation/shop_process.hpp"

namespace buyme::simulation {

using Duration = std::chrono::nanoseconds;

enum class Shape : std::uint8_t {
  one_shop,  // orders and payments in one process over databases of its own
  split,     // order servers over one database, with a gate between them; payments in a process of their own
};
enum class StoreKind : std::uint8_t { memory, sqlite };

struct ProductPlan {
  Units total = 0;
  Money price = 0;
  std::optional<Units> limit;
  std::optional<Duration> opens_at, closes_at;  // since the sale began
};

// The merchant puts new terms; what is not set stays.
struct TermsPlan {
  Duration at{0};
  std::size_t product = 0;
  Units add_units = 0;  // may be negative
  std::optional<std::optional<Units>> limit;
  std::optional<order::SaleState> state;
};

struct BuyerPlan {
  enum class Then : std::uint8_t { pays, cancels, walks_away, pays_and_cancels_meanwhile };
  Duration at{0};
  std::int64_t user = 0;
  std::vector<order::OrderLine> lines;  // as sent: in any order, products may be repeated
  bool has_key = true;
  Then then = Then::pays;
  bool cancels_when_paid = false;
  bool sends_back = false;       // what he has received, when it is delivered in time
  std::optional<Units> returns;  // so many of one item; all of it when not set
  bool returns_with_key = false;
  bool keeps_promise = true;     // what he sends back arrives
  bool restock = false;
  int payment_tries = 3;
};

// His account ends: what he has not paid is canceled.
struct AccountEnd {
  Duration at{0};
  std::int64_t user = 0;
};

struct Incident {
  enum class Kind : std::uint8_t { kill, stop, pause, clock_jump };
  Duration at{0};
  Kind kind = Kind::kill;
  std::size_t process = 0;
  Duration length{0};    // until the process is started again; of the pause
  Milliseconds jump{0};  // of the wall clock
};

// What a caller may fix; the rest is drawn.
struct Wish {
  std::optional<Shape> shape;
  std::optional<StoreKind> store;
  std::optional<std::size_t> buyers;
  std::optional<Units> units;
  bool faults = true;
};

struct Scenario {
  std::uint64_t seed = 0;
  Shape shape = Shape::one_shop;
  StoreKind store = StoreKind::memory;
  std::size_t order_servers = 1;
  bool shuffle = false;
  ShopSettings settings;
  Duration latency{0};
  double success_rate = 0.8;
  std::vector<ProductPlan> products;
  std::vector<TermsPlan> terms;
  std::vector<BuyerPlan> buyers;
  std::vector<AccountEnd> ends;
  std::vector<Incident> incidents;
  std::optional<Duration> day;          // how long one is; nobody ships when it is not set
  std::vector<std::int64_t> drift_ppm;  // per process
  std::array<double, fault_kinds> likelihood{};
  Duration heals_at{0};  // from then on nothing goes wrong any more

  std::size_t processes() const { return order_servers + (shape == Shape::split ? 1 : 0); }
};

Scenario draw_scenario(std::uint64_t seed, const Wish& wish);
std::string describe(const Scenario& scenario);  // one line

}  // namespace buyme::simulation
