#include "app/gate_reading.hpp"

#include <boost/asio/co_spawn.hpp>

#include "app/places.hpp"
#include "core/concurrent.hpp"
#include "core/limits.hpp"
#include "stock/gate_redis.hpp"

namespace buyme::app {

namespace {

using Answer = std::optional<Result<std::vector<Units>>>;

// A client of its own on an event loop of this thread: who reads runs no shop, or is on a pool of one.
struct Reader {
  explicit Reader(const Config& config)
      : client(redis_settings(config), *clock, context.get_executor(), make_null_log()),
        gate({}, client, *clock, context.get_executor(), make_null_log()) {}

  Awaitable<void> ask(std::vector<stock::LedgerSnapshot> ledgers, Answer& answer) {
    client.start();
    const Monotonic latest = clock->monotonic() + limits::service_deadline;
    const bool connected = co_await client.connected_within(limits::readiness_patience);
    if (!connected) co_return context.stop();
    auto asking = gate.free(std::move(ledgers));
    answer = co_await within(std::move(asking), latest, *clock);
    context.stop();
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  ExecutionContext context{1};
  redis::Client client;
  stock::RedisGate gate;
};

}  // namespace

void read_gate(const Config& config, audit::Books& books) {
  // Of version 0: what the gate has heard counts, if it has heard anything.
  std::vector<stock::LedgerSnapshot> ledgers;
  for (const auto& ledger : books.ledgers)
    ledgers.push_back({ledger.product, 0, ledger.total, ledger.committed});
  Reader reader(config);
  Answer answer;
  asio::co_spawn(reader.context, reader.ask(std::move(ledgers), answer), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  reader.context.run();
  if (!answer || !*answer) {
    books.gate_read = audit::Books::GateRead::away;
    return;
  }
  books.gate_read = audit::Books::GateRead::read;
  for (std::size_t i = 0; i < books.ledgers.size(); ++i) {
    books.gate.push_back({books.ledgers[i].product, (**answer)[i]});
  }
}

}  // namespace buyme::app
