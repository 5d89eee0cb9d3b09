#include "payment/internal_codec.hpp"

#include "http/json_fields.hpp"

namespace buyme::payment {

void append_json(std::string& out, const RefundRequest& refund) {
  http::JsonObject object(out);
  object.id("id", refund.id).id("order", refund.order).id("attempt", refund.attempt);
  object.integer("amount", refund.amount);
}

void read_json(http::JsonInput& input, RefundRequest& refund) {
  http::read_id(input, "id", refund.id);
  http::read_id(input, "order", refund.order);
  http::read_id(input, "attempt", refund.attempt);
  refund.amount = http::read_number(input, "amount");
}

}  // namespace buyme::payment
