// Where the services keep their state: one SQLite file each in the data directory, or databases of a server
// and a Redis that several servers share. What is opened here, assemble.cpp hands to the services.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "audit/books.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/pool.hpp"
#include "core/token.hpp"
#include "db/address.hpp"
#include "order/placement_session.hpp"
#include "order/store.hpp"
#include "redis/connection.hpp"

namespace buyme::app {

// `service`: user, product, order, payment or provider.
db::DatabaseAddress place_of(const Config& config, std::string_view service);

// `trips`: counts what is asked of a database server.
std::unique_ptr<order::OrderStore> open_order_store(const Config& config, Clock& clock, const Log& log,
                                                    db::RoundTrips trips = {});
order::OpenSession open_order_sessions(const Config& config, Clock& clock, const Log& log,
                                       db::RoundTrips trips);
std::unique_ptr<order::OrderReads> open_order_reads(const Config& config, Pool& pool, Pool& lists);

// Of a shared shop its setting, else the one that data_dir keeps, made when it is missing.
TokenKey token_key_of(const Config& config);

redis::Settings redis_settings(const Config& config);

// One moment of all databases. Throws db::SqliteError, db::MysqlError or std::runtime_error.
audit::Books books_of(const Config& config, Time now);

}  // namespace buyme::app
