#include "payment/codec.hpp"

#include <fmt/format.h>

namespace buyme::payment {

Result<OrderId> read_order(const http::Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such order.");
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  if (auto failure = body->finish()) return std::move(*failure);
  return OrderId{*id};
}

void append_ticket(std::string& out, const order::PaymentTicket& ticket) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"orderId":{},"orderStatus":"PAYMENT_ENTERED","orderAmount":{},"holdExpiresAt":")",
                 ticket.order.value, ticket.amount);
  append_time(out, ticket.hold_expires_at);
  out += R"("})";
}

void append_receipt(std::string& out, const Receipt& receipt) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"orderId":{},"orderStatus":"PAID","attemptId":{},"orderAmount":{}}})",
                 receipt.order.value, receipt.attempt.value, receipt.amount);
}

namespace {

std::string_view to_string(AttemptState state) {
  switch (state) {
    case AttemptState::requested:
      return "REQUESTED";
    case AttemptState::succeeded:
      return "SUCCEEDED";
    case AttemptState::failed:
      return "FAILED";
    case AttemptState::unknown:
      return "UNKNOWN";
  }
  return "?";
}

std::string_view to_string(RefundState state) {
  switch (state) {
    case RefundState::requested:
      return "REQUESTED";
    case RefundState::done:
      return "DONE";
    case RefundState::retry:
      return "RETRY";
  }
  return "?";
}

std::string_view to_string(order::PaymentSettlement settlement) {
  switch (settlement) {
    case order::PaymentSettlement::paid:
      return "PAID";
    case order::PaymentSettlement::failed:
      return "FAILED";
    case order::PaymentSettlement::too_late:
      return "TOO_LATE";
  }
  return "?";
}

void append_time_member(std::string& out, std::string_view name, const std::optional<Time>& time) {
  if (!time) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
  append_time(out, *time);
  out += '"';
}

void append_attempts(std::string& out, std::string_view name, const std::vector<AttemptRecord>& records) {
  fmt::format_to(std::back_inserter(out), R"("{}":[)", name);
  for (const auto& record : records) {
    const Attempt& attempt = record.attempt;
    if (&record != records.data()) out += ',';
    fmt::format_to(std::back_inserter(out),
                   R"({{"attemptId":{},"orderId":{},"attemptNumber":{},"amount":{},"state":"{}")",
                   attempt.id.value, attempt.order.value, attempt.number, attempt.amount,
                   to_string(attempt.state));
    if (attempt.settlement) {
      fmt::format_to(std::back_inserter(out), R"(,"settlement":"{}")", to_string(*attempt.settlement));
    }
    append_time_member(out, "requestedAt", record.requested_at);
    append_time_member(out, "finishedAt", record.finished_at);
    out += '}';
  }
  out += ']';
}

void append_refunds(std::string& out, std::string_view name, const std::vector<RefundRecord>& records) {
  fmt::format_to(std::back_inserter(out), R"("{}":[)", name);
  for (const auto& record : records) {
    if (&record != records.data()) out += ',';
    fmt::format_to(std::back_inserter(out),
                   R"({{"refundId":{},"orderId":{},"attemptId":{},"amount":{},"state":"{}","tries":{})",
                   record.id, record.order.value, record.attempt.value, record.amount,
                   to_string(record.state), record.tries);
    append_time_member(out, "takenAt", record.taken_at);
    append_time_member(out, "finishedAt", record.finished_at);
    out += '}';
  }
  out += ']';
}

}  // namespace

void append_payments(std::string& out, const OrderPayments& payments) {
  out += '{';
  append_attempts(out, "attempts", payments.attempts);
  out += ',';
  append_refunds(out, "refunds", payments.refunds);
  out += '}';
}

void append_attention(std::string& out, const Attention& attention) {
  out += '{';
  append_attempts(out, "unknownPayments", attention.unknown);
  out += ',';
  append_attempts(out, "chargedButNotPaid", attention.charged);
  out += ',';
  append_refunds(out, "refundsToRetry", attention.refunds);
  out += '}';
}

}  // namespace buyme::payment
