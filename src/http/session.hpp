// One connection: reads requests, has them handled, sends the answers, in order. Everything on its I/O
// thread.
//
// session.cpp is its life; session_admit.cpp, who may do what and what every answer carries;
// session_stream.cpp, a connection that has become a listener to server-sent events.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>

#include "http/response_writer.hpp"
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

  // Of a listener: asks for news and sends them, unless older ones are still on their way; drops who does not
  // read. True when it wrote.
  bool tell(Monotonic now);

 private:
  enum class Phase : std::uint8_t { idle, header, body, handling, writing, lingering, streaming };
  enum class Step : std::uint8_t { read, handle, refuse, close };
  enum class Sent : std::uint8_t { all, blocked, broken };

  // What a connection has beside when it has become a listener.
  struct Listener : ListenerHook {
    Listener(Session& of, std::unique_ptr<EventStream> from, StreamPlaces::Place at)
        : session(of), events(std::move(from)), place(std::move(at)) {}
    ~Listener() { session.server_->streams.fetch_sub(1, std::memory_order_relaxed); }

    Session& session;
    std::unique_ptr<EventStream> events;
    StreamPlaces::Place place;  // of its address; empty where that counts for nobody
    std::string unsent;         // of the event under way
    Monotonic begun_at;         // the sending of the last event or comment
    Monotonic asked_at;         // for news
  };

  Step next_step();
  Step more_of(RequestReader::Progress progress);
  void received(std::size_t count);
  void begin_request();
  bool end_request();  // false when the connection is to be closed
  void wait_in(Phase phase, std::chrono::milliseconds timeout);

  void name_request();
  const Router::Route* admit();  // nullptr: refused, and the response says so
  void find_client();
  void answer_options();
  void identify(std::string_view token);
  bool may_use(const Router::Route& route);
  bool is_service() const;  // shows the credential of services
  bool is_within_rates();
  bool is_operator() const;
  void refuse_request(const Failure& failure);
  std::string_view allowed_origin() const;
  AnswerFrame frame() const;
  void account_for_answer();
  void refuse(const Failure& failure);
  void fail(std::string_view what);

  Sent answer();
  Sent send(std::string_view bytes, std::size_t& count);
  Sent send_rest();
  Awaitable<void> linger();

  static Awaitable<void> tell_listeners(std::shared_ptr<ServerState> server, Shard& shard);
  bool begin_stream();                           // false: too many listen, and the response says so
  bool takes_place(StreamPlaces::Place& place);  // the same of one address
  Awaitable<void> run_stream();

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
  const Router::Route* route_ = nullptr;  // of the request under way
  std::optional<RateLimiter::Verdict> rate_;
  asio::ip::address peer_, client_;  // the same unless a trusted proxy forwards
  bool behind_proxy_ = false;        // the peer is a trusted proxy
  std::string remote_;               // peer_ as text
  std::string forwarded_;            // client_ as text where it differs
  std::unique_ptr<Listener> listener_;
  std::string token_;  // the last one that was verified, and what it said
  Authenticator::Verified verified_{};
  InputBuffer input_;
};

}  // namespace buyme::http
