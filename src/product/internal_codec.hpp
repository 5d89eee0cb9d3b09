// What crosses from the user service to the product service. See order/internal_codec.hpp for the manner.
#pragma once

#include <string>
#include <string_view>

#include "http/json_input.hpp"
#include "product/api.hpp"

namespace buyme::product {

namespace internal_path {
inline constexpr std::string_view forget_user = "/internal/products/forget-user";
}  // namespace internal_path

struct ForgetUserCall {
  UserId user;
};

void append_json(std::string& out, const ForgetUserCall& call);
void read_json(http::JsonInput& input, ForgetUserCall& call);

}  // namespace buyme::product
