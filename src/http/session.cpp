#include "http/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace buyme::http {

namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view busy_body =
    R"({"type":"/problems/overloaded","title":"Too busy right now","status":503,)"
    R"("detail":"Too many connections are open; nothing was done. Repeat in a second.","code":"OVERLOADED"})";

}  // namespace

Session::Session(std::shared_ptr<ServerState> state, Shard& shard, Socket socket,
                 std::atomic<std::size_t>& counter)
    : server_(std::move(state)),
      shard_(shard),
      socket_(std::move(socket)),
      counter_(counter),
      id_prefix_(shard.random.next()) {
  shard_.sessions.push_back(*this);
  wait_in(Phase::idle, server_->settings.timeouts.idle);
  Code failed;
  socket_.non_blocking(true, failed);
  const auto remote = socket_.remote_endpoint(failed);
  if (failed) return;
  peer_ = unmapped(remote.address());
  remote_ = peer_.to_string();
  behind_proxy_ = server_->proxies.trusts(peer_);
}

Session::~Session() {
  listener_.reset();
  unlink();  // while the shard's list certainly lives
  if (exchange_) shard_.requests.fetch_sub(1, std::memory_order_relaxed);
  std::lock_guard lock(server_->mutex);  // so that stop() cannot miss the last one
  counter_.fetch_sub(1);
  server_->closed.notify_all();
}

Awaitable<void> Session::serve(std::unique_ptr<Session> session) {
  Session& self = *session;
  Code failed;
  std::size_t burst = 0;
  while (true) {
    const Step step = self.next_step();
    if (step == Step::close) co_return;
    if (step == Step::read) {
      const auto room = self.input_.room();
      const std::size_t count = co_await self.socket_.async_read_some(
          asio::buffer(room.data(), room.size()), asio::redirect_error(use_awaitable, failed));
      if (failed) co_return;
      self.received(count);
      burst = 0;
      continue;
    }
    if (step == Step::handle) {
      if (const Router::Route* route = self.admit()) {
        try {
          co_await route->handle(self.exchange_->request, self.exchange_->response);
        } catch (const std::exception& exception) {
          self.fail(exception.what());
        } catch (...) {
          self.fail("something that is no std::exception");
        }
      }
    }
    if (self.exchange_->response.stream && self.begin_stream()) {
      co_await self.run_stream();
      co_return;
    }
    Sent sent = self.answer();
    while (sent == Sent::blocked) {
      co_await self.socket_.async_wait(asio::socket_base::wait_write,
                                       asio::redirect_error(use_awaitable, failed));
      if (failed) co_return;
      sent = self.send_rest();
    }
    if (sent == Sent::broken) co_return;
    if (!self.end_request()) break;
    if (++burst == limits::pipeline_burst) {
      burst = 0;
      co_await asio::post(self.socket_.get_executor(), use_awaitable);
    }
  }
  // Closing with bytes unread would reset the connection, and the client might never see the answer.
  if (self.refused_ || !self.input_.empty()) co_await self.linger();
}

Awaitable<void> Session::turn_away(std::unique_ptr<Session> session) {
  std::string answer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
      "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
      "Content-Type: application/problem+json\r\nContent-Length: ";
  answer.append(std::to_string(busy_body.size())).append("\r\n\r\n").append(busy_body);
  std::size_t count = 0;
  if (session->send(answer, count) == Sent::all) co_await session->linger();
}

Awaitable<void> Session::linger() {
  Code failed;
  socket_.shutdown(asio::socket_base::shutdown_send, failed);
  wait_in(Phase::lingering, server_->settings.timeouts.linger);
  std::array<char, 512> ignored;
  while (!failed) {
    co_await socket_.async_read_some(asio::buffer(ignored), asio::redirect_error(use_awaitable, failed));
  }
}

void Session::sweep(Monotonic now) {
  if (now < deadline_) return;
  Code failed;
  if (phase_ == Phase::header || phase_ == Phase::body) {
    refuse({Error::request_timeout, "The rest of the request did not come in time."});
    answer();
  }
  // The coroutine, which waits for the socket, ends with the next pass of the event loop.
  socket_.close(failed);
  deadline_ = Monotonic::max();
}

void Session::shut_down() {
  Code failed;
  // What has arrived is a request under way, although nobody has read it yet: it may be in the socket, or in
  // our buffer already with the coroutine not yet resumed. So an idle connection is not closed but told that
  // nothing more comes: its read ends behind what is there, and an answer can still leave.
  if (phase_ == Phase::lingering || phase_ == Phase::streaming) socket_.close(failed);
  if (phase_ == Phase::idle) socket_.shutdown(asio::socket_base::shutdown_receive, failed);
}

void Session::wait_in(Phase phase, std::chrono::milliseconds timeout) {
  phase_ = phase;
  deadline_ = server_->clock.monotonic() + timeout;
}

Session::Step Session::next_step() {
  if (input_.empty() && !exchange_) {
    if (shard_.stopping) return Step::close;
    // The coarse time is at most one sweep old, which shortens the wait by as much.
    phase_ = Phase::idle;
    deadline_ = shard_.coarse_now + server_->settings.timeouts.idle;
    return Step::read;
  }
  if (!exchange_) begin_request();
  std::size_t consumed = 0;
  const auto progress = exchange_->reader->feed(input_.unparsed(), consumed);
  input_.parsed(consumed);
  if (progress == RequestReader::Progress::failed) {
    refuse(exchange_->reader->failure());
    return Step::refuse;
  }
  if (progress != RequestReader::Progress::done) return more_of(progress);

  phase_ = Phase::handling;
  deadline_ = Monotonic::max();
  keep_alive_ = exchange_->reader->keep_alive();
  exchange_->reader->fill(exchange_->request);
  return Step::handle;
}

// The request is not complete: what to wait for, and room to read it into.
Session::Step Session::more_of(RequestReader::Progress progress) {
  RequestReader& reader = *exchange_->reader;
  const Timeouts& timeouts = server_->settings.timeouts;
  if (progress == RequestReader::Progress::head) {
    if (phase_ != Phase::header) wait_in(Phase::header, timeouts.header);
    input_.begin_request();
    if (input_.needs_room()) input_.make_room(0, shard_.blocks);
  } else {
    if (phase_ != Phase::body) {
      wait_in(Phase::body, timeouts.body);
      std::size_t count = 0;
      if (reader.expects_continue() && input_.empty() && send(continue_line, count) != Sent::all) {
        return Step::close;
      }
    }
    if (input_.needs_room()) {
      const auto moved = input_.make_room(reader.head_bytes(), shard_.blocks);
      reader.rebase(moved.from, moved.size, moved.to);
    }
  }
  if (!input_.room().empty()) return Step::read;
  refuse({Error::too_large, "The request is larger than this server accepts."});
  return Step::refuse;
}

void Session::received(std::size_t count) {
  input_.filled(count);
  if (!exchange_) arrived_ = server_->clock.monotonic();
}

void Session::begin_request() {
  exchange_ = shard_.take_exchange();
  exchange_->reader.emplace(exchange_->collected);
  exchange_->request = Request{};
  exchange_->response.korean = false;
  route_ = nullptr;
  rate_.reset();
  shard_.requests.fetch_add(1, std::memory_order_relaxed);
  ++served_;
  keep_alive_ = true;
}

bool Session::end_request() {
  shard_.requests.fetch_sub(1, std::memory_order_relaxed);
  shard_.give_back(std::move(exchange_));
  input_.end_request(shard_.blocks);
  return keep_alive_;
}

void Session::refuse(const Failure& failure) {
  refused_ = true;
  keep_alive_ = false;
  name_request();
  write_problem(exchange_->response, failure, exchange_->request.request_id);
}

void Session::fail(std::string_view what) {
  const Request& request = exchange_->request;
  log_with(server_->log, spdlog::level::err, "a request threw",
           {{"what", what},
            {"route", route_ == nullptr ? std::string_view() : route_->path},
            {"requestId", request.request_id},
            {"traceId", request.trace_id}});
  write_problem(exchange_->response,
                {Error::internal, "The request failed on our side; its requestId leads to the log."},
                request.request_id);
}

Session::Sent Session::answer() {
  if (shard_.stopping) keep_alive_ = false;
  account_for_answer();
  std::string& out = shard_.out;
  out.clear();
  append_answer(out, exchange_->response, frame());

  std::size_t count = 0;
  const Sent sent = send(out, count);
  if (sent == Sent::blocked) {
    // The buffer belongs to the thread, so the rest moves to the request's own memory.
    wait_in(Phase::writing, server_->settings.timeouts.write);
    exchange_->collected.assign(out, count);
  }
  return sent;
}

// Says in `count` how much the socket took.
Session::Sent Session::send(std::string_view bytes, std::size_t& count) {
  Code failed;
  count = socket_.write_some(asio::buffer(bytes), failed);
  if (failed == asio::error::would_block || failed == asio::error::try_again) return Sent::blocked;
  if (failed) return Sent::broken;
  return count == bytes.size() ? Sent::all : Sent::blocked;
}

Session::Sent Session::send_rest() {
  std::size_t count = 0;
  const Sent sent = send(exchange_->collected, count);
  exchange_->collected.erase(0, count);
  if (count > 0) wait_in(Phase::writing, server_->settings.timeouts.write);
  return sent;
}

}  // namespace buyme::http
