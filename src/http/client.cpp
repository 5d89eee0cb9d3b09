#include "http/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "core/concurrent.hpp"
#include "http/client_pool.hpp"
#include "http/endpoint.hpp"
#include "http/problem_input.hpp"

namespace buyme::http {

namespace {

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

// The "parent id" of W3C Trace Context: whose call this is, by a number that nobody else draws. Never 0.
std::uint64_t new_span() {
  thread_local std::mt19937_64 numbers{std::random_device{}()};
  return numbers() | 1U;
}

bool changes(const HttpCall& call) {
  return call.effect != Effect::read;
}

std::string format_request(const HttpCall& call, const ClientSettings& settings, const Upstream& upstream) {
  std::string text;
  text.reserve(256 + call.body.size());
  auto to = std::back_inserter(text);
  fmt::format_to(to, "{} {} HTTP/1.1\r\nHost: {}\r\n", method_name(call.method), call.target,
                 upstream.address);
  if (!settings.credential.empty()) fmt::format_to(to, "X-Buyme-Service: {}\r\n", settings.credential);
  const Trace& trace = call.trace;
  if (!trace.request_id().empty()) fmt::format_to(to, "X-Request-Id: {}\r\n", trace.request_id());
  if (!trace.id().empty()) {
    fmt::format_to(to, "traceparent: 00-{}-{:016x}-{}\r\n", trace.id(), new_span(), trace.flags());
  }
  if (!call.body.empty()) text += "Content-Type: application/json\r\n";
  if (call.method != Method::get) fmt::format_to(to, "Content-Length: {}\r\n", call.body.size());
  text += "\r\n";
  text += call.body;
  return text;
}

// Whose request this address certainly did not carry out, while another may.
bool should_go_elsewhere(const Failure& failure) {
  return failure.error == Error::shutting_down;
}

bool is_certainly_not_done(Error error) {
  return error == Error::overloaded || error == Error::store_unavailable || error == Error::shutting_down;
}

}  // namespace

bool is_credential(std::string_view text) {
  return text.size() >= limits::min_credential_bytes && text.size() <= limits::max_credential_bytes &&
         is_visible(text);
}

struct HttpClient::State {
  State(ClientSettings with, std::vector<Executor> executors, Clock& time, Log to)
      : settings(std::move(with)), clock(time), log(std::move(to)) {
    if (settings.addresses.empty()) throw std::invalid_argument(settings.name + ": no address is known");
    if (!settings.credential.empty() && !is_credential(settings.credential)) {
      throw std::invalid_argument(settings.name + ": the credential is too short or not visible ASCII");
    }
    for (const Executor& executor : executors) {
      homes.push_back(std::make_shared<ClientHome>(settings, executor, clock));
    }
  }

  std::shared_ptr<ClientHome> home_of(Executor executor) const {
    for (const auto& home : homes) {
      if (&home->executor.context() == &executor.context()) return home;
    }
    throw std::logic_error(settings.name + " was called from a thread that it does not know");
  }

  Failure overloaded() const {
    return Failure(
               Error::overloaded,
               fmt::format("Too many calls to the {} service are under way; nothing was done. Repeat in a "
                           "second.",
                           settings.name))
        .retry_in(std::chrono::seconds{1});
  }
  // Why there is no answer, where one attempt at least may have been carried out or none was.
  Failure without_answer(const HttpCall& call, bool may_be_done) const {
    if (may_be_done && changes(call)) {
      return Failure(Error::outcome_unknown,
                     fmt::format("The {} service has not answered: it may or may not have been done. Repeat "
                                 "the request.",
                                 settings.name))
          .retry_in(std::chrono::seconds{1});
    }
    return Failure(Error::store_unavailable,
                   fmt::format("The {} service cannot be reached right now; nothing was done. Repeat in a "
                               "second.",
                               settings.name))
        .retry_in(std::chrono::seconds{1});
  }

  Awaitable<std::shared_ptr<Attempt>> try_once(std::shared_ptr<ClientHome> home, Upstream& upstream,
                                               const HttpCall& call, Monotonic deadline);
  void blame(ClientHome& home, Upstream& upstream, const Attempt& attempt, bool late);
  Result<HttpAnswer> understand(const Upstream& upstream, RawAnswer raw) const;
  bool is_answer(const Attempt& attempt) const;
  Awaitable<bool> pause(const ClientHome& home, std::size_t tries, Monotonic deadline);

  const ClientSettings settings;
  Clock& clock;
  const Log log;
  std::vector<std::shared_ptr<ClientHome>> homes;
};

// What stands between us and the service (a proxy) speaks for itself with such an answer, not for it.
bool HttpClient::State::is_answer(const Attempt& attempt) const {
  if (attempt.fate != Attempt::Fate::answered) return false;
  const RawAnswer& raw = attempt.raw;
  return raw.answer.status < 500 || read_problem(raw.answer.body, raw.retry_after).has_value();
}

Awaitable<std::shared_ptr<Attempt>> HttpClient::State::try_once(std::shared_ptr<ClientHome> home,
                                                                Upstream& upstream, const HttpCall& call,
                                                                Monotonic deadline) {
  auto attempt = std::make_shared<Attempt>();
  auto work = exchange(home, upstream, format_request(call, settings, upstream), attempt);
  const auto ended = co_await within(std::move(work), deadline, clock);
  const bool late = !ended.has_value();
  if (late) attempt->give_up();
  if (!late && is_answer(*attempt)) {
    home->succeeded(upstream);
  } else {
    if (attempt->fate == Attempt::Fate::answered) attempt->fate = Attempt::Fate::lost;
    blame(*home, upstream, *attempt, late);
  }
  co_return attempt;
}

// A connection that had served before and is cut says that the server was started anew, not that it is dead.
void HttpClient::State::blame(ClientHome& home, Upstream& upstream, const Attempt& attempt, bool late) {
  if (attempt.reused && !late) {
    upstream.idle.clear();
    upstream.probing = false;
    return;
  }
  if (home.failed(upstream, settings)) {
    log_with(log, spdlog::level::warn, "a server does not answer, and is left alone for a moment",
             {{"service", settings.name}, {"address", upstream.address}});
  }
}

Result<HttpAnswer> HttpClient::State::understand(const Upstream& upstream, RawAnswer raw) const {
  const int status = raw.answer.status;
  if (status >= 200 && status < 300) return std::move(raw.answer);
  // Whoever did not let us in knows nothing of what we asked for: "not found" would be taken for its answer.
  if (!settings.credential.empty() && !raw.marked && status < 500) {
    log_with(log, spdlog::level::err, "a server takes no calls of services: do their credentials differ?",
             {{"service", settings.name}, {"address", upstream.address}, {"status", std::to_string(status)}});
    return Failure(Error::store_unavailable,
                   fmt::format("The {} service does not take this call; nothing was done.", settings.name));
  }
  if (auto problem = read_problem(raw.answer.body, raw.retry_after)) return std::move(*problem);
  return Failure(Error::internal,
                 fmt::format("The {} service gave an answer that is not understood.", settings.name));
}

// Before an address is tried again. False when there is no time left for it.
Awaitable<bool> HttpClient::State::pause(const ClientHome& home, std::size_t tries, Monotonic deadline) {
  if (tries < home.upstreams.size()) co_return true;
  const auto wait =
      limits::service_pause * (std::int64_t{1} << std::min<std::size_t>(tries - home.upstreams.size(), 6));
  if (clock.monotonic() + wait >= deadline) co_return false;
  co_await clock.sleep_for(wait);
  co_return true;
}

HttpClient::HttpClient(ClientSettings settings, std::vector<Executor> homes, Clock& clock, Log log)
    : state_(std::make_shared<State>(std::move(settings), std::move(homes), clock, std::move(log))) {}

HttpClient::~HttpClient() {
  // Calls that never end hold their home; its idle connections go now, while their contexts live.
  for (const auto& home : state_->homes) {
    for (const auto& upstream : home->upstreams) upstream->idle.clear();
  }
}

Awaitable<Result<HttpAnswer>> HttpClient::call(HttpCall call) {
  const auto state = state_;
  if (!is_visible(call.target) || !is_visible(call.trace.request_id()) || !is_visible(call.trace.id()) ||
      !is_visible(call.trace.flags())) {
    throw std::logic_error("what goes into the header of a call must be visible ASCII");
  }
  const Executor executor = co_await asio::this_coro::executor;
  const auto home = state->home_of(executor);
  if (home->in_flight >= state->settings.in_flight) co_return state->overloaded();
  ++home->in_flight;
  const std::shared_ptr<void> leave(nullptr, [home](void*) { --home->in_flight; });

  const Monotonic deadline = state->clock.monotonic() + call.deadline;
  const std::size_t most_tries = limits::service_tries + home->upstreams.size() - 1;
  bool may_be_done = false;
  for (std::size_t tries = 1;; ++tries) {
    Upstream* upstream = home->pick();
    if (upstream == nullptr) co_return state->without_answer(call, may_be_done);
    const auto attempt = co_await state->try_once(home, *upstream, call, deadline);
    bool again = tries < most_tries;
    if (attempt->fate == Attempt::Fate::answered) {
      auto answer = state->understand(*upstream, std::move(attempt->raw));
      if (answer) co_return std::move(*answer);
      const Failure& failure = answer.error();
      const bool unclear = may_be_done && changes(call) && is_certainly_not_done(failure.error);
      again = again && should_go_elsewhere(failure) && home->upstreams.size() > 1;
      if (!again && unclear) co_return state->without_answer(call, may_be_done);
      if (!again) co_return answer;
    } else if (attempt->fate == Attempt::Fate::lost) {
      may_be_done = true;
      again = again && call.effect != Effect::once;
    }
    if (again) again = co_await state->pause(*home, tries, deadline);
    if (!again || state->clock.monotonic() >= deadline) co_return state->without_answer(call, may_be_done);
  }
}

}  // namespace buyme::http
