// Every limit in one place. A limit that is not here does not exist; what must hold between them is asserted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace buyme::limits {

using namespace std::chrono_literals;

// HTTP
inline constexpr std::size_t max_header_bytes = 8 * 1024;
inline constexpr std::size_t max_body_bytes = 64 * 1024;
inline constexpr std::size_t max_target_bytes = 2 * 1024;
inline constexpr std::size_t max_connections = 12'000;      // per process, over all I/O threads
inline constexpr std::size_t kept_buffer_bytes = 4 * 1024;  // what an idle connection may keep allocated
inline constexpr auto header_timeout = 10s;                 // first byte of a request to end of its header
inline constexpr auto body_timeout = 20s;                   // end of header to end of body
inline constexpr auto idle_timeout = 120s;                  // keep-alive connection without a request
inline constexpr auto write_timeout = 20s;                  // a response that the peer does not read
inline constexpr auto shutdown_deadline = 10s;

// JSON
inline constexpr std::size_t max_json_depth = 8;
inline constexpr std::size_t max_idempotency_key_bytes = 128;

// Orders
inline constexpr std::size_t max_order_lines = 20;  // distinct lines as sent, before merging
inline constexpr std::int64_t max_line_units = 1'000'000;
inline constexpr std::int64_t max_total_units = 1'000'000'000;
inline constexpr std::int64_t max_price = 1'000'000'000'000;  // 10^12 of the smallest unit
inline constexpr std::int64_t max_order_amount = 1'000'000'000'000'000;

// Order writer
inline constexpr std::size_t placement_queue = 16'384;  // commands waiting; past it: 503 OVERLOADED
inline constexpr std::size_t transition_queue = 16'384;
inline constexpr std::size_t max_round = 1'024;       // commands in one transaction
inline constexpr std::size_t transition_quota = 512;  // of a round, while placements wait
inline constexpr auto placement_deadline = 1'000ms;   // older before its round: 503 OVERLOADED
inline constexpr auto waiter_pause = 5ms;             // rounds that hold only waiters
inline constexpr auto settle_budget = 3s;             // re-deciding a failed round
inline constexpr auto flag_lifetime = 500ms;          // a sold-out flag that nobody refreshes lapses
inline constexpr std::int64_t order_id_block = 1'024;
inline constexpr std::size_t expiry_chunk = 500;
inline constexpr auto expiry_pause = 500ms;

// Pools
inline constexpr std::size_t hash_queue = 256;
inline constexpr std::size_t read_queue = 4'096;
inline constexpr std::size_t page_default = 20;
inline constexpr std::size_t page_max = 100;

// Payment
inline constexpr auto payment_sweep_pause = 2s;

static_assert(max_round <= placement_queue);
static_assert(transition_quota < max_round, "placements must make progress while transitions pour in");
static_assert(max_header_bytes > max_target_bytes);
static_assert(max_connections >= 10'000, "ten thousand buyers at once is the job");

}  // namespace buyme::limits
