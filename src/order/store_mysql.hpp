// The order store over MySQL or MariaDB, which several order servers share. The writer's connection is
// blocked on by the writer's thread; reads use connections of their own on the read pool, and see every
// commit that was answered.
#pragma once

#include <memory>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "db/mysql.hpp"
#include "order/placement_session.hpp"
#include "order/store.hpp"

namespace buyme::order {

struct MysqlOrderSettings {
  db::MysqlSettings server;  // its database exists; the tables are made
  // Statement by statement instead of a round in one packet. A Galera cluster is served so in any case.
  bool one_by_one = false;
};

// Connects, migrates and looks whether the server keeps what it has answered. Throws std::runtime_error when
// it does not, db::MysqlError when it cannot be reached. `clock` must outlive the store.
std::unique_ptr<OrderStore> make_mysql_order_store(const MysqlOrderSettings& settings, Clock& clock,
                                                   Random random, Log log);

// A connection for placing orders one at a time, beside the writer's; made when it is first needed, and anew
// when it was lost. The tables must exist. `clock` must outlive it.
std::unique_ptr<PlacementSession> open_mysql_session(const db::MysqlSettings& server, Clock& clock, Log log);

// As many connections as threads of the pool ever read at once, made when first needed. The tables must
// exist.
std::unique_ptr<OrderReads> make_mysql_order_reads(const db::MysqlSettings& server, Pool& pool, Pool& lists);

}  // namespace buyme::order
