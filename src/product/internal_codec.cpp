#include "product/internal_codec.hpp"

#include "http/json_fields.hpp"

namespace buyme::product {

void append_json(std::string& out, const ForgetUserCall& call) {
  http::JsonObject object(out);
  object.id("user", call.user);
}

void read_json(http::JsonInput& input, ForgetUserCall& call) {
  http::read_id(input, "user", call.user);
}

}  // namespace buyme::product
