#include "core/error.hpp"

namespace buyme {

namespace {

struct Row {
  Error error;
  KoreanText text;
};

constexpr Row rows[] = {
    {Error::invalid, {"올바르지 않은 항목이 있습니다", "errors에 적힌 항목을 고쳐서 다시 보내 주세요."}},
    {Error::malformed, {"요청을 읽을 수 없습니다", "HTTP 또는 JSON 형식이 올바른지 확인해 주세요."}},
    {Error::unauthenticated,
     {"로그인이 필요합니다", "유효한 액세스 토큰을 보내 주세요: Authorization: Bearer 토큰."}},
    {Error::wrong_credentials, {"로그인할 수 없습니다", "이메일 또는 비밀번호가 맞지 않습니다."}},
    {Error::forbidden, {"권한이 없습니다", "이 작업은 허용되지 않은 계정입니다."}},
    {Error::not_found, {"찾을 수 없습니다", "주소가 없거나, 다른 사람의 것이거나, 없는 대상입니다."}},
    {Error::method_not_allowed,
     {"허용되지 않는 메서드입니다", "이 주소는 있지만 다른 메서드로 요청해야 합니다."}},
    {Error::unsupported_media,
     {"지원하지 않는 형식입니다", "Content-Type이 이 주소가 받는 형식인지 확인해 주세요."}},
    {Error::too_large, {"요청이 너무 큽니다", "본문이나 헤더를 줄여서 다시 보내 주세요."}},
    {Error::request_timeout, {"요청이 너무 느립니다", "요청이 제시간에 다 도착하지 않았습니다."}},
    {Error::email_taken, {"이미 가입된 이메일입니다", "다른 이메일을 쓰거나 로그인해 주세요."}},
    {Error::idempotency_mismatch,
     {"같은 키가 다른 내용에 쓰였습니다", "새 Idempotency-Key로 다시 보내 주세요."}},
    {Error::rate_limited, {"요청이 너무 많습니다", "Retry-After에 적힌 시간 뒤에 다시 시도해 주세요."}},
    {Error::expectation_failed, {"처리할 수 없는 Expect 헤더입니다", "100-continue만 지원합니다."}},
    {Error::precondition_required,
     {"If-Match 헤더가 필요합니다", "먼저 읽은 ETag를 If-Match로 보내 주세요."}},
    {Error::precondition_failed, {"그 사이 다른 사람이 고쳤습니다", "다시 읽고 새 ETag로 보내 주세요."}},
    {Error::sold_out, {"품절되었습니다", "주문할 수 있는 수량이 남아 있지 않습니다."}},
    {Error::limit_exceeded,
     {"1인당 구매 한도를 넘었습니다",
      "이미 가진 주문을 확인해 주세요. orderId가 있으면 이어서 결제할 수 있습니다."}},
    {Error::sale_not_open, {"아직 판매 전입니다", "판매가 시작된 뒤에 다시 시도해 주세요."}},
    {Error::sale_closed, {"판매가 끝났습니다", "이 상품은 더 이상 주문할 수 없습니다."}},
    {Error::sale_paused, {"판매가 잠시 멈췄습니다", "판매가 다시 시작된 뒤에 시도해 주세요."}},
    {Error::illegal_state, {"지금 상태에서는 할 수 없습니다", "현재 상태를 확인해 주세요."}},
    {Error::payment_failed, {"결제가 거절되었습니다", "주문이 유지되는 동안 다시 시도할 수 있습니다."}},
    {Error::payment_in_progress, {"결제가 진행 중입니다", "앞선 결제의 결과를 기다려 주세요."}},
    {Error::payment_refunded, {"결제가 너무 늦었습니다", "주문이 이미 끝나 결제 금액을 돌려 드립니다."}},
    {Error::overloaded, {"지금 너무 붐빕니다", "아무것도 처리되지 않았습니다. 잠시 뒤 다시 시도해 주세요."}},
    {Error::store_unavailable,
     {"지금은 저장할 수 없습니다", "아무것도 처리되지 않았습니다. 잠시 뒤 다시 시도해 주세요."}},
    {Error::outcome_unknown,
     {"결과를 아직 알 수 없습니다", "같은 Idempotency-Key로 다시 시도하거나 주문을 확인해 주세요."}},
    {Error::shutting_down,
     {"서버가 멈추는 중입니다", "아무것도 처리되지 않았습니다. 잠시 뒤 다시 시도해 주세요."}},
    {Error::internal, {"서버에 문제가 생겼습니다", "requestId를 알려 주시면 원인을 찾을 수 있습니다."}},
};

}  // namespace

KoreanText korean_text(Error error) {
  for (const Row& row : rows) {
    if (row.error == error) return row.text;
  }
  return {};
}

}  // namespace buyme
