// Who a request comes from, whether he may, and what every answer carries.
#include <openssl/crypto.h>

#include <charconv>

#include "http/language.hpp"
#include "http/session.hpp"

namespace buyme::http {

namespace {

constexpr std::string_view allowed_headers =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id, "
    "traceparent";

// The 12 hexadecimal digits of a connection and the number of its request.
std::string_view format_request_id(std::array<char, 40>& out, std::uint64_t prefix, std::uint32_t number) {
  static constexpr char hex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < 12; ++i) out[i] = hex[prefix >> (4 * i) & 15];
  out[12] = '-';
  const auto end = std::to_chars(out.data() + 13, out.data() + out.size(), number);
  return {out.data(), static_cast<std::size_t>(end.ptr - out.data())};
}

}  // namespace

void Session::name_request() {
  std::string_view& id = exchange_->request.request_id;
  id = exchange_->reader->client_request_id();
  if (id.empty()) id = format_request_id(exchange_->request_id, id_prefix_, served_);
}

void Session::refuse_request(const Failure& failure) {
  write_problem(exchange_->response, failure, exchange_->request.request_id);
}

const Router::Route* Session::admit() {
  Request& request = exchange_->request;
  const RequestReader& reader = *exchange_->reader;
  request.arrived = arrived_;
  name_request();
  exchange_->response.korean = prefers_korean(reader.accept_language());
  find_client();
  if (is_internal(request.path) && !is_service()) {
    refuse_request({Error::not_found, "There is nothing at this path."});
    return nullptr;
  }
  if (reader.is_options()) {
    answer_options();
    return nullptr;
  }
  const auto found = server_->router.find(request);
  if (found.has_error()) {
    refuse_request(found.error());
    return nullptr;
  }
  route_ = *found;
  if (route_->access == Access::internal) return route_;
  identify(reader.bearer_token());
  if (!may_use(*route_)) return nullptr;
  // Reading is cheap and is not counted; trusted shops are for load tests.
  const bool changes = request.method != Method::get && !server_->settings.trusted;
  if (changes && !is_within_rates()) return nullptr;
  return route_;
}

// Who stands behind a proxy of ours; anybody else's word about that is not believed.
void Session::find_client() {
  client_ = peer_;
  exchange_->request.remote_address = remote_;
  if (!behind_proxy_) return;
  const RequestReader& reader = *exchange_->reader;
  const ForwardedBy by = server_->settings.forwarded_by;
  const bool standard = by == ForwardedBy::forwarded;
  const auto client = server_->proxies.client(by, standard ? reader.forwarded() : reader.x_forwarded_for());
  if (!client) return;
  client_ = *client;
  forwarded_ = client_.to_string();
  exchange_->request.remote_address = forwarded_;
}

// For any route, and without its handler: what may be sent there, and to a page that is allowed to (CORS).
void Session::answer_options() {
  const std::string methods = server_->router.methods_of(exchange_->request.path);
  if (methods.empty()) return refuse_request({Error::not_found, "There is nothing at this path."});
  Response& response = exchange_->response;
  response.clear();
  response.status = 204;
  response.header("Allow", methods + ", OPTIONS");
  if (allowed_origin().empty()) return;
  response.header("Access-Control-Allow-Methods", methods);
  response.header("Access-Control-Allow-Headers", std::string(allowed_headers));
  response.header("Access-Control-Max-Age", std::to_string(limits::preflight_lifetime.count()));
}

// In constant time; that the length shows is no help to anybody.
bool Session::is_service() const {
  const std::string& wanted = server_->settings.service_credential;
  const std::string_view shown = exchange_->reader->service_credential();
  return !wanted.empty() && shown.size() == wanted.size() &&
         CRYPTO_memcmp(shown.data(), wanted.data(), wanted.size()) == 0;
}

bool Session::may_use(const Router::Route& route) {
  const Caller& caller = exchange_->request.caller;
  const Access access = route.access;
  if (access == Access::anyone || (access == Access::operator_ && is_operator())) return true;
  if (!caller.known) {
    refuse_request({Error::unauthenticated, "Send a valid access token: Authorization: Bearer TOKEN."});
    return false;
  }
  if (access == Access::user || caller.is_admin()) return true;
  refuse_request({Error::forbidden, "Only an admin may do this."});
  return false;
}

bool Session::is_operator() const {
  const std::string_view secret = server_->settings.operator_token;
  const std::string_view shown = exchange_->reader->bearer_token();
  return !secret.empty() && shown.size() == secret.size() &&
         CRYPTO_memcmp(shown.data(), secret.data(), secret.size()) == 0;
}

// The account's bucket is what the caller is told of; the address's is wide and only keeps floods away.
bool Session::is_within_rates() {
  const Caller& caller = exchange_->request.caller;
  RateLimiter::Verdict verdict;
  if (server_->addresses.limits() && !client_.is_loopback()) {
    verdict = server_->addresses.take(subscriber_key(client_), arrived_);
  }
  if (verdict.admitted && caller.known && server_->accounts.limits()) {
    verdict = server_->accounts.take(static_cast<std::uint64_t>(caller.user.value), arrived_);
    rate_ = verdict;
  }
  if (verdict.admitted) return true;
  rate_ = verdict;
  server_->rate_limited.add();
  const std::chrono::seconds wait{std::max(verdict.reset, 1U)};
  refuse_request(Failure(Error::rate_limited,
                         "Too many requests came from you; nothing was done. Slow down, and "
                         "repeat after Retry-After.")
                     .retry_in(wait));
  return false;
}

void Session::identify(std::string_view token) {
  Request& request = exchange_->request;
  Caller& caller = request.caller;
  caller = Caller{};
  request.session = {};
  if (token.empty()) {
    if (server_->settings.trusted) caller = Caller{UserId{}, Role::admin, true, true};
    return;
  }
  const Time now = server_->clock.now();
  if (token != token_) {
    if (token.size() > limits::max_token_bytes) return;
    auto verified = server_->authenticator.verify(token);
    if (!verified) return;
    token_ = token;
    verified_ = std::move(*verified);
  } else if (!server_->authenticator.still_stands(verified_)) {
    token_.clear();
    return;
  }
  if (now >= verified_.expires_at) return;
  caller = verified_.caller;
  request.session = verified_.session;
  request.token_expires_at = verified_.expires_at;
}

// No cookies are used, so a page that may read answers still needs its visitor's token to get any.
std::string_view Session::allowed_origin() const {
  const auto& allowed = server_->settings.allowed_origins;
  if (allowed.empty()) return {};
  const std::string_view origin = exchange_->reader->origin();
  const bool is_allowed = std::ranges::any_of(
      allowed, [origin](const std::string& each) { return each == "*" || each == origin; });
  return is_allowed ? origin : std::string_view();
}

AnswerFrame Session::frame() const {
  const RequestReader& reader = *exchange_->reader;
  AnswerFrame frame;
  frame.date = shard_.date;
  frame.request_id = exchange_->request.request_id;
  frame.keep_alive = keep_alive_;
  frame.http_1_0 = reader.is_http_1_0();
  frame.head_only = reader.is_head();
  frame.allowed_origin = allowed_origin();
  frame.varies_by_origin = !server_->settings.allowed_origins.empty();
  frame.rate = rate_;
  return frame;
}

// One line only for what was slow or failed on our side, and only so many: a server that turns a crowd away
// must not spend its time on writing that down.
void Session::account_for_answer() {
  const auto routes = server_->router.routes();
  const std::size_t index =
      route_ == nullptr ? routes.size() : static_cast<std::size_t>(route_ - routes.data());
  const auto took = server_->clock.monotonic() - arrived_;
  const int status = exchange_->response.status;
  shard_.traffic.count(index, status, took);
  if (status < 500 && took < server_->settings.slow_request) return;
  if (shard_.access_lines == 0) {
    ++shard_.unlogged;
    return;
  }
  --shard_.access_lines;
  const Request& request = exchange_->request;
  const auto ms = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  log_with(server_->log, spdlog::level::warn, status < 500 ? "a slow request" : "a failed request",
           {{"method", method_name(request.method)},
            {"route", route_ == nullptr ? "unmatched" : route_->path},
            {"status", std::to_string(status)},
            {"ms", ms},
            {"requestId", request.request_id},
            {"traceId", request.trace_id}});
}

}  // namespace buyme::http
