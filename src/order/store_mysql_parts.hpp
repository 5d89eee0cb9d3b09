// A plan as the statements of one transaction. Private to the MySQL store.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "db/mysql.hpp"
#include "order/store.hpp"

namespace buyme::order {

// A round's moves, in a table of the session's own, so that they can be joined. It belongs to no transaction:
// it is filled before the round's begins.
inline constexpr std::string_view create_round_move =
    "CREATE TEMPORARY TABLE IF NOT EXISTS round_move("
    "order_id BIGINT PRIMARY KEY, from_status TINYINT NOT NULL, was_extended TINYINT NOT NULL,"
    " was_settled_attempt_no BIGINT NOT NULL, to_status TINYINT NOT NULL, hold_expires_at BIGINT NOT NULL,"
    " hold_extended TINYINT NOT NULL, settled_attempt_no BIGINT NOT NULL, paid_at BIGINT, paid_attempt_id "
    "BIGINT,"
    " actor BIGINT NOT NULL, reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,"
    " refund BIGINT NOT NULL) ENGINE=MEMORY";

// What a plan will meet in the database, read before its transaction so that rows are locked in one order: an
// order's products never change, and what time does to an order is checked again when it is done.
struct Surroundings {
  std::set<OrderId> orders;      // that exist and are to be locked
  std::set<ProductId> products;  // whose ledgers are to be locked
  std::set<ProductId> touched;   // of those: whose ledgers may change
  std::vector<OrderId> to_deliver, to_ship;
};

// The transaction, and where in its packet the answers stand.
struct Round {
  db::MysqlPacket packet;
  std::optional<std::size_t> not_moved;  // lists the moves that found their order changed
  std::vector<std::pair<std::size_t, OrderId>> item_changes;  // of returns; none changed: not as it was read
  std::vector<std::size_t> shipments;
  std::optional<std::size_t> ledgers;  // those that were touched
  std::size_t commit = 0;
};

Surroundings look_around(db::Mysql& database, const Plan& plan);
Round write_round(const db::Mysql& database, const Plan& plan, const Surroundings& around);
Committed read_round(const Round& round, std::vector<db::MysqlResult>& results);

// Steps of write_round.
void write_terms(const db::Mysql& database, const Plan& plan, Round& round);
void write_shipping(const Plan& plan, const Surroundings& around, Round& round);
void write_returns(const db::Mysql& database, const Plan& plan, Round& round);
void write_limits(const Plan& plan, Round& round);
void write_orders(const db::Mysql& database, const Plan& plan, Round& round);

// The first of `count` numbers that nobody else gets.
std::int64_t take_numbers(db::Mysql& database, std::string_view name, std::int64_t count);

// For the questions of a round, and of one order: all in one packet.
Known ask(db::Mysql& database, const Questions& questions);
std::string kept_return_query(const db::Mysql& database, const Questions::Return& question);

}  // namespace buyme::order
