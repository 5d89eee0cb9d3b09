#include "core/error.hpp"

namespace buyme {

namespace {

constexpr ErrorInfo invalid{"INVALID", 400, "Some fields are not valid"};
constexpr ErrorInfo malformed{"MALFORMED", 400, "The request cannot be read"};
constexpr ErrorInfo unauthenticated{"UNAUTHENTICATED", 401, "Log in first"};
constexpr ErrorInfo wrong_credentials{"WRONG_CREDENTIALS", 401, "E-mail or password do not match"};
constexpr ErrorInfo forbidden{"FORBIDDEN", 403, "Not allowed"};
constexpr ErrorInfo not_found{"NOT_FOUND", 404, "Not found"};
constexpr ErrorInfo method_not_allowed{"METHOD_NOT_ALLOWED", 405, "Method not allowed"};
constexpr ErrorInfo unsupported_media{"UNSUPPORTED_MEDIA_TYPE", 415, "The body is of another type"};
constexpr ErrorInfo too_large{"TOO_LARGE", 413, "The request is too large"};
constexpr ErrorInfo request_timeout{"REQUEST_TIMEOUT", 408, "The request came too slowly"};
constexpr ErrorInfo email_taken{"EMAIL_TAKEN", 409, "The e-mail address has an account"};
constexpr ErrorInfo idempotency_mismatch{"IDEMPOTENCY_MISMATCH", 422, "The key was used with another body"};
constexpr ErrorInfo rate_limited{"RATE_LIMITED", 429, "Too many requests"};
constexpr ErrorInfo expectation_failed{"EXPECTATION_FAILED", 417, "Expectation failed"};
constexpr ErrorInfo precondition_required{"PRECONDITION_REQUIRED", 428, "Say which state you edit"};
constexpr ErrorInfo precondition_failed{"PRECONDITION_FAILED", 412, "It has changed meanwhile"};
constexpr ErrorInfo sold_out{"SOLD_OUT", 409, "Sold out"};
constexpr ErrorInfo limit_exceeded{"LIMIT_EXCEEDED", 409, "The limit per buyer is reached"};
constexpr ErrorInfo sale_not_open{"SALE_NOT_OPEN", 409, "The sale has not opened"};
constexpr ErrorInfo sale_closed{"SALE_CLOSED", 409, "The sale has closed"};
constexpr ErrorInfo sale_paused{"SALE_PAUSED", 409, "The sale is paused"};
constexpr ErrorInfo illegal_state{"ILLEGAL_STATE", 409, "Not possible in this state"};
constexpr ErrorInfo payment_failed{"PAYMENT_FAILED", 402, "The payment was declined"};
constexpr ErrorInfo payment_in_progress{"PAYMENT_IN_PROGRESS", 409, "A payment is under way"};
constexpr ErrorInfo payment_refunded{"PAYMENT_REFUNDED", 409, "The payment came too late"};
constexpr ErrorInfo overloaded{"OVERLOADED", 503, "Too busy right now"};
constexpr ErrorInfo store_unavailable{"STORE_UNAVAILABLE", 503, "The shop cannot write right now"};
constexpr ErrorInfo outcome_unknown{"OUTCOME_UNKNOWN", 503, "The outcome is not known yet"};
constexpr ErrorInfo shutting_down{"SHUTTING_DOWN", 503, "This server is stopping"};
constexpr ErrorInfo internal{"INTERNAL", 500, "Something went wrong on our side"};

}  // namespace

const ErrorInfo& error_info(Error error) {
  switch (error) {
    case Error::invalid:
      return invalid;
    case Error::malformed:
      return malformed;
    case Error::unauthenticated:
      return unauthenticated;
    case Error::wrong_credentials:
      return wrong_credentials;
    case Error::forbidden:
      return forbidden;
    case Error::not_found:
      return not_found;
    case Error::method_not_allowed:
      return method_not_allowed;
    case Error::unsupported_media:
      return unsupported_media;
    case Error::too_large:
      return too_large;
    case Error::request_timeout:
      return request_timeout;
    case Error::email_taken:
      return email_taken;
    case Error::idempotency_mismatch:
      return idempotency_mismatch;
    case Error::rate_limited:
      return rate_limited;
    case Error::expectation_failed:
      return expectation_failed;
    case Error::precondition_required:
      return precondition_required;
    case Error::precondition_failed:
      return precondition_failed;
    case Error::sold_out:
      return sold_out;
    case Error::limit_exceeded:
      return limit_exceeded;
    case Error::sale_not_open:
      return sale_not_open;
    case Error::sale_closed:
      return sale_closed;
    case Error::sale_paused:
      return sale_paused;
    case Error::illegal_state:
      return illegal_state;
    case Error::payment_failed:
      return payment_failed;
    case Error::payment_in_progress:
      return payment_in_progress;
    case Error::payment_refunded:
      return payment_refunded;
    case Error::overloaded:
      return overloaded;
    case Error::store_unavailable:
      return store_unavailable;
    case Error::outcome_unknown:
      return outcome_unknown;
    case Error::shutting_down:
      return shutting_down;
    case Error::internal:
      return internal;
  }
  return internal;
}

}  // namespace buyme
