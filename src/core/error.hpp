// What can go wrong in a way that a caller is told about. One value per stable problem code of the HTTP API.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace buyme {

enum class Error : std::uint8_t {
  // The caller's fault: repeating the same request changes nothing.
  invalid,               // one or more fields are wrong; `fields` names each of them
  malformed,             // the request is not HTTP, or the body is not JSON, as we accept them
  unauthenticated,       // no valid bearer token
  wrong_credentials,     // e-mail or password do not match
  forbidden,             // known caller, not allowed to do this
  not_found,             // no such route or thing, or not the caller's
  method_not_allowed,    // the path exists, not with this method
  unsupported_media,     // the body is not application/json
  too_large,             // the body or the header exceeds its limit
  request_timeout,       // the sender was too slow
  email_taken,           // sign-up with an address that has an account
  idempotency_mismatch,  // the same Idempotency-Key came with another body
  rate_limited,          // this account or address asks too often
  expectation_failed,    // an Expect header that we do not serve
  precondition_required,  // an edit without the If-Match that it needs
  precondition_failed,    // somebody else has edited it since: the If-Match names an older state

  // Order path: the answer is final for this moment.
  sold_out,             // fewer units are free than asked for, by the committed ledger
  limit_exceeded,       // the buyer would hold more than the per-user limit
  sale_not_open,        // before opens_at
  sale_closed,          // after closes_at
  sale_paused,          // the merchant has paused the sale
  illegal_state,        // the state table has no such transition
  payment_failed,       // the provider declined; may be tried again while the hold lasts
  payment_in_progress,  // another attempt is open
  payment_refunded,     // the charge came too late and is being given back

  // Ours: the same request may be repeated.
  overloaded,         // refused before admission: certainly not done
  store_unavailable,  // the store refused the write and undid it: certainly not done
  outcome_unknown,    // it may or may not have taken effect: repeat with the same Idempotency-Key
  shutting_down,      // this server stops: certainly not done
  internal,           // a bug; the request id leads to the log
};
inline constexpr int error_count = static_cast<int>(Error::internal) + 1;

// One wrong field of a request: `field` as the client wrote it ("orderItems[0].quantity").
struct FieldError {
  std::string field;
  std::string detail;
};

// A failure and all that the caller is told of it.
struct Failure {
  using Member = std::variant<std::int64_t, std::string>;

  Error error = Error::internal;
  std::string detail;              // what happened and what to do now, one sentence or two
  std::vector<FieldError> fields;  // for Error::invalid
  std::vector<std::pair<std::string, Member>> members;  // extra problem members: available, orderId, ...
  std::chrono::seconds retry_after{0};                  // sent as Retry-After when not zero

  Failure() = default;
  Failure(Error code, std::string text) : error(code), detail(std::move(text)) {}

  Failure& with(std::string name, Member value) & {
    members.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Failure&& with(std::string name, Member value) && {
    with(std::move(name), std::move(value));
    return std::move(*this);
  }
  Failure&& retry_in(std::chrono::seconds after) && {
    retry_after = after;
    return std::move(*this);
  }
};

// The stable problem code ("SOLD_OUT"), the HTTP status and the title of an error. Pure, thread-safe.
struct ErrorInfo {
  std::string_view code;
  int http_status;
  std::string_view title;
};
const ErrorInfo& error_info(Error error);

// The same for a reader of Korean; what is particular to one failure stands in its members. Empty for none.
struct KoreanText {
  std::string_view title;
  std::string_view detail;
};
KoreanText korean_text(Error error);

}  // namespace buyme
