// What the connections of a server share. Private to http/server.cpp and http/session.cpp.
//
// Thread safety: a Shard is touched by its own I/O thread alone, but for `requests`, which others may read.
// Of ServerState everything is read-only or atomic once the server has started.
//
// Lifetime: every coroutine of the server holds the ServerState, and nothing in it belongs to an io_context,
// so that the coroutines may be destroyed in any order together with their contexts.
#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "http/forwarded.hpp"
#include "http/input_buffer.hpp"
#include "http/request_reader.hpp"
#include "http/server.hpp"
#include "http/stream_places.hpp"
#include "http/traffic.hpp"

namespace buyme::http {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

// Only a connection that reads, handles or answers a request has one.
struct Exchange {
  std::string collected;  // a request body that came in pieces; later what of an answer is not sent yet
  std::optional<RequestReader> reader;
  Request request;
  Response response;
  std::array<char, 40> request_id;
};

using ListHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
struct ListenerTag;
using ListenerHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<ListenerTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
class Session;
struct ServerState;

// What one I/O thread owns of the server.
struct Shard {
  Shard(ServerState& state, ExecutionContext& on);

  std::unique_ptr<Exchange> take_exchange();
  void give_back(std::unique_ptr<Exchange> exchange);
  void tick();  // once per sweep: the date header and the coarse time

  ServerState& server;
  ExecutionContext& context;
  std::string out;  // where answers are formatted
  LargeBlocks blocks;
  std::vector<std::unique_ptr<Exchange>> free_exchanges;
  Random random;
  std::string date;
  Monotonic coarse_now;  // as of the last tick
  Acceptor* acceptor = nullptr;
  bool stopping = false;
  std::atomic<std::size_t> requests{0};
  Traffic traffic;
  int access_lines = 0;  // that may still be logged until the next tick
  std::size_t unlogged = 0;
  boost::intrusive::list<ListHook, boost::intrusive::constant_time_size<false>> sessions;
  // Of server-sent events; in front who was asked for news the longest time ago.
  boost::intrusive::list<ListenerHook, boost::intrusive::base_hook<ListenerHook>,
                         boost::intrusive::constant_time_size<false>>
      listeners;
  bool telling = false;  // a coroutine looks after them
};

struct ServerState {
  ServerState(ServerSettings with, const Router& routes, const Authenticator& tokens, Clock& time, Log to)
      : settings(std::move(with)),
        router(routes),
        authenticator(tokens),
        clock(time),
        log(std::move(to)),
        proxies(settings.trusted_proxies),
        accounts(settings.trusted ? Rate{} : settings.account_rate, hash_bytes(secure_random_bytes(16))),
        addresses(settings.trusted ? Rate{} : settings.address_rate, hash_bytes(secure_random_bytes(16))),
        places(settings.trusted ? 0 : settings.address_streams) {}

  const ServerSettings settings;
  const Router& router;
  const Authenticator& authenticator;
  Clock& clock;
  const Log log;
  const TrustedProxies proxies;
  RateLimiter accounts, addresses;
  Counter rate_limited;
  std::vector<std::unique_ptr<Shard>> shards;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> turned_away{0};  // over the limit: being told so
  Counter connections_refused;              // by that limit, since the start
  std::atomic<std::size_t> streams{0};
  StreamPlaces places;  // of listeners, by address
  std::mutex mutex;
  std::condition_variable closed;  // a connection is gone
};

}  // namespace buyme::http
