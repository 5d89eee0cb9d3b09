// Connections that have become listeners to server-sent events (WHATWG HTML, 9.2).
//
// One coroutine per I/O thread looks after all listeners of the thread. Each tick it asks those in turn for
// news who were not asked for limits::stream_period, and writes to limits::stream_burst of them at most, so
// that thousands of listeners to one product cost the buyers beside them a bounded share of the thread: they
// are told less often, and always the newest state. A listener is never owed more than one event; one who
// does not take it within limits::stream_patience is dropped.
#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

#include "http/session.hpp"

namespace buyme::http {

namespace {

constexpr std::string_view heartbeat = ":\n\n";
constexpr std::chrono::seconds stream_refusal{5};  // until another try

}  // namespace

bool Session::begin_stream() {
  Response& response = exchange_->response;
  if (shard_.stopping) {
    refuse_request(Failure(Error::shutting_down, "This server is stopping. Listen again in a second.")
                       .retry_in(std::chrono::seconds{1}));
    return false;
  }
  if (exchange_->reader->is_head()) {
    response.stream.reset();
    return false;
  }
  StreamPlaces::Place place;
  if (!takes_place(place)) return false;
  if (server_->streams.fetch_add(1, std::memory_order_relaxed) >= server_->settings.max_streams) {
    server_->streams.fetch_sub(1, std::memory_order_relaxed);
    refuse_request(
        Failure(Error::overloaded, "Too many are listening already. Ask for the stock now and then.")
            .retry_in(stream_refusal));
    return false;
  }
  listener_ = std::make_unique<Listener>(*this, std::move(response.stream), std::move(place));
  account_for_answer();
  append_stream_head(listener_->unsent, response, frame());
  listener_->events->append_news(listener_->unsent);
  end_request();
  phase_ = Phase::streaming;
  deadline_ = Monotonic::max();
  listener_->begun_at = listener_->asked_at = server_->clock.monotonic();
  shard_.listeners.push_back(*listener_);
  if (!std::exchange(shard_.telling, true)) {
    asio::co_spawn(socket_.get_executor(), tell_listeners(server_, shard_), asio::detached);
  }
  tell(listener_->asked_at);
  return true;
}

// Loopback apart, as with the other limits of an address.
bool Session::takes_place(StreamPlaces::Place& place) {
  if (!server_->places.limits() || client_.is_loopback()) return true;
  place = server_->places.take(subscriber_key(client_));
  if (place) return true;
  server_->rate_limited.add();
  refuse_request(Failure(Error::rate_limited,
                         "Too many listen from this address already. Ask for the stock now and then.")
                     .retry_in(stream_refusal));
  return false;
}

// Lives until the listener goes away or is dropped. Listeners have nothing to say; what they send is ignored.
Awaitable<void> Session::run_stream() {
  Code failed;
  std::array<char, 64> ignored;
  while (!failed) {
    co_await socket_.async_read_some(asio::buffer(ignored), asio::redirect_error(use_awaitable, failed));
  }
}

Awaitable<void> Session::tell_listeners(std::shared_ptr<ServerState> server, Shard& shard) {
  while (!shard.listeners.empty()) {
    co_await server->clock.sleep_for(limits::stream_tick);
    const Monotonic now = server->clock.monotonic();
    std::size_t written = 0;
    while (!shard.listeners.empty() && written < limits::stream_burst) {
      auto& listener = static_cast<Listener&>(shard.listeners.front());
      if (now - listener.asked_at < limits::stream_period) break;
      listener.asked_at = now;
      listener.unlink();
      shard.listeners.push_back(listener);
      if (listener.session.tell(now)) ++written;
    }
  }
  shard.telling = false;
}

bool Session::tell(Monotonic now) {
  Listener& listener = *listener_;
  if (listener.unsent.empty()) {
    listener.events->append_news(listener.unsent);
    if (listener.unsent.empty() && now - listener.begun_at >= limits::stream_heartbeat) {
      listener.unsent = heartbeat;
    }
    if (listener.unsent.empty()) return false;
    listener.begun_at = now;
  }
  std::size_t count = 0;
  const Sent sent = send(listener.unsent, count);
  listener.unsent.erase(0, count);
  const bool is_patient = now - listener.begun_at < limits::stream_patience;
  if (sent == Sent::all || (sent == Sent::blocked && is_patient)) return true;
  Code failed;
  socket_.close(failed);  // the coroutine that reads ends with the next pass of the event loop
  return true;
}

}  // namespace buyme::http
