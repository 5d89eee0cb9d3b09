// One connection: reads requests, has them handled, sends the answers, in order. Everything on its I/O
// thread.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>

#include "http/server_state.hpp"

namespace buyme::http {

class Session : public ListHook {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  using Code = boost::system::error_code;

  // `counter` counts such sessions; it was raised for this one already. Holds `state`, and with it the shard.
  Session(std::shared_ptr<ServerState> state, Shard& shard, Socket socket, std::atomic<std::size_t>& counter);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves until the connection closes.
  static Awaitable<void> serve(std::unique_ptr<Session> session);
  // Tells a client over the connection limit to come back, and closes.
  static Awaitable<void> turn_away(std::unique_ptr<Session> session);

  void sweep(Monotonic now);  // closes it when its deadline has passed
  void shut_down();           // the server stops: ends it when it is idle

 private:
  enum class Phase : std::uint8_t { idle, header, body, handling, writing, lingering };
  enum class Step : std::uint8_t { read, handle, refuse, close };
  enum class Sent : std::uint8_t { all, blocked, broken };

  Step next_step();
  Step more_of(RequestReader::Progress progress);
  void received(std::size_t count);
  void begin_request();
  bool end_request();  // false when the connection is to be closed
  void wait_in(Phase phase, std::chrono::milliseconds timeout);

  void name_request();
  const Router::Route* admit();  // nullptr: refused, and the response says so
  void identify(std::string_view token);
  void refuse(const Failure& failure);
  void fail(std::string_view what);

  Sent answer();
  Sent send(std::string_view bytes, std::size_t& count);
  Sent send_rest();
  Awaitable<void> linger();

  std::shared_ptr<ServerState> server_;
  Shard& shard_;
  Socket socket_;
  std::atomic<std::size_t>& counter_;
  Monotonic deadline_ = Monotonic::max();
  Monotonic arrived_{};
  Phase phase_ = Phase::idle;
  bool refused_ = false;  // what follows on the connection cannot be read any more
  bool keep_alive_ = true;
  std::uint32_t served_ = 0;
  std::uint64_t id_prefix_;
  std::unique_ptr<Exchange> exchange_;
  std::string remote_;
  std::string token_;  // the last one that was verified, and what it said
  Authenticator::Verified verified_{};
  InputBuffer input_;
};

}  // namespace buyme::http
