#include "app/order_desk.hpp"

#include <boost/asio/detached.hpp>

#include "app/places.hpp"
#include "core/calendar.hpp"
#include "core/limits.hpp"
#include "order/service.hpp"

namespace buyme::app {

namespace {

// It takes no units, so it needs no gate that others share.
order::WriterSettings settings_of(const Config& config) {
  order::WriterSettings settings;
  settings.shares_store = config.shares_database();
  return settings;
}

// One thread runs the writer and whoever asks it; the pool is for reads.
struct OrderDesk {
  OrderDesk(const Config& config, Log log)
      : reading("database", 1, limits::read_queue),
        store(open_order_store(config, *clock, log)),
        reads(open_order_reads(config, reading, reading)),
        gate(stock::make_local_gate()),
        writer(settings_of(config), *store, *reads, *gate, board, *clock, context.get_executor(),
               {context.get_executor()}, log),
        orders(writer, *store, *reads, board, *clock, log) {}
  ~OrderDesk() { reading.stop(); }

  Awaitable<std::int64_t> ship(const Calendar& calendar, Time as_of) {
    co_await writer.start();
    asio::co_spawn(context, writer.run(), asio::detached);
    const auto moved = co_await orders.advance_shipping(calendar, as_of);
    writer.stop();
    if (!moved) throw std::runtime_error(moved.error().detail);
    co_return *moved;
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  ExecutionContext context{1};
  Pool reading;
  order::StockBoard board;
  std::unique_ptr<order::OrderStore> store;
  std::unique_ptr<order::OrderReads> reads;
  std::unique_ptr<stock::StockGate> gate;
  order::OrderWriter writer;
  order::OrderService orders;
};

}  // namespace

std::int64_t ship_at_desk(const Config& config, Time as_of, Log log) {
  const auto calendar = make_calendar(config.shop.time_zone);
  OrderDesk desk(config, std::move(log));
  std::int64_t moved = 0;
  std::exception_ptr failed;
  asio::co_spawn(desk.context, desk.ship(*calendar, as_of),
                 [&](std::exception_ptr error, std::int64_t count) {
                   failed = error;
                   moved = count;
                 });
  desk.context.run();
  if (failed) std::rethrow_exception(failed);
  return moved;
}

}  // namespace buyme::app
