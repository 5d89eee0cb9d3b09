// What goes wrong in a simulated sale: every kind of fault, how likely each is in this sale, and a count of
// what struck whom.
//
// Each sale enables a few kinds and leaves the others out, since a fault hides behind another that strikes
// first (swarm testing: Groce et al., ISSTA 2012).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/random.hpp"
#include "order/api.hpp"
#include "simulation/trace.hpp"

namespace buyme::simulation {

enum class Fault : std::uint8_t {
  // the order database
  commit_refused,      // and undone
  commit_answer_lost,  // it took
  commit_lost,         // it never arrived
  commit_late,         // it arrives after the server has given it up
  store_hangs,         // the answer comes late
  store_away,          // a read or a reservation fails
  marks_away,          // the marks of a sold-out product cannot be loaded
  // the gate
  gate_forgets,
  gate_goes_stale,  // fails over to a replica that is behind
  gate_hears_twice,
  gate_away,
  // messages between services
  message_delayed,
  message_dropped,
  answer_dropped,
  message_repeated,
  // the provider and the payment database
  provider_times_out,
  provider_charges_late,
  provider_fails,
  payments_away,
  // processes
  killed,
  killed_in_commit,
  stopped,
  paused,
  clock_jumps,
  clock_drifts,
  queue_full,
  // buyers
  buyer_leaves,
  double_click,
  retry_without_key,
  cancel_while_paying,
  count_,
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count_);
std::string_view name_of(Fault fault);

// Fault by the state of the order that it met.
class Coverage {
 public:
  static constexpr std::size_t no_order = 0;  // a state of none: it struck something else
  static constexpr std::size_t placing = 9;   // an order about to be
  static constexpr std::size_t columns = 10;

  void add(Fault fault, std::size_t column) { ++counts_[static_cast<std::size_t>(fault)][column]; }
  void add(const Coverage& other);
  std::string table() const;
  std::uint64_t of(Fault fault) const;

 private:
  std::array<std::array<std::uint64_t, columns>, fault_kinds> counts_{};
};

class Faults {
 public:
  // Nothing strikes until a likelihood is set.
  Faults(std::uint64_t seed, Trace& trace) : random_(seed, "faults"), trace_(trace) {}

  void set(Fault fault, double likelihood) { likelihood_[static_cast<std::size_t>(fault)] = likelihood; }
  bool enabled(Fault fault) const { return likelihood_[static_cast<std::size_t>(fault)] > 0; }
  double likelihood(Fault fault) const { return likelihood_[static_cast<std::size_t>(fault)]; }
  void heal() { likelihood_.fill(0); }  // from now on all goes well

  // Whether it strikes now. One that does is traced and counted; `state` of the order that it meets.
  bool strikes(Fault fault, std::size_t state = Coverage::no_order) {
    const double likelihood = likelihood_[static_cast<std::size_t>(fault)];
    if (likelihood <= 0 || !random_.chance(likelihood)) return false;
    note(fault, state);
    return true;
  }
  void note(Fault fault, std::size_t state = Coverage::no_order) {
    coverage_.add(fault, state);
    trace_.say("fault: {} (order state {})", name_of(fault), state);
  }
  void met(Fault fault, std::size_t state) { coverage_.add(fault, state); }  // one more order that it met

  Random& random() { return random_; }
  const Coverage& coverage() const { return coverage_; }

 private:
  Random random_;
  Trace& trace_;
  std::array<double, fault_kinds> likelihood_{};
  Coverage coverage_;
};

}  // namespace buyme::simulation
