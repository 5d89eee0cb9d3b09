#include "product/codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "core/random.hpp"
#include "product/cursor.hpp"
#include "product/rules.hpp"

namespace buyme::product {

namespace {

constexpr std::int64_t max_id = std::numeric_limits<std::int64_t>::max();

bool is_key(std::string_view key) {
  return key.size() <= limits::max_idempotency_key_bytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

RequestKey read_key(http::JsonInput& body, const http::Request& request, std::uint64_t scope) {
  if (!is_key(request.idempotency_key)) {
    body.reject("Idempotency-Key",
                fmt::format("Must be 1 to {} visible ASCII characters.", limits::max_idempotency_key_bytes));
  }
  return {std::string(request.idempotency_key), hash_bytes(request.body, scope)};
}

ProductType read_type(http::JsonInput& body) {
  const std::string name = body.text("productType", 1, 16);
  const auto type = type_from(name);
  if (!type && !name.empty()) body.reject("productType", "Must be NORMAL or RESERVED.");
  return type.value_or(ProductType::normal);
}

ProductDetails read_details(http::JsonInput& body) {
  ProductDetails details;
  details.name = body.text("productName", 1, limits::max_product_name_chars);
  details.description = body.lines("productDescription", 0, limits::max_product_description_chars);
  details.price = body.integer("productPrice", 0, limits::max_price);
  details.type = read_type(body);
  details.opens_at = body.optional_time("opensAt");
  details.closes_at = body.optional_time("closesAt");
  details.per_user_limit = body.optional_integer("perUserLimit", 1, limits::max_total_units);
  details.image_url = body.optional_text("imageUrl", 1, limits::max_url_chars);
  for (auto& problem : problems_of(details)) body.reject(problem.field, std::move(problem.detail));
  return details;
}

Units read_total(http::JsonInput& body) {
  return body.integer("productStock", 0, limits::max_total_units);
}

Edit everything(ProductDetails details, Units total) {
  Edit edit;
  edit.name = std::move(details.name);
  edit.description = std::move(details.description);
  edit.price = details.price;
  edit.type = details.type;
  edit.opens_at = details.opens_at;
  edit.closes_at = details.closes_at;
  edit.per_user_limit = details.per_user_limit;
  edit.image_url = std::move(details.image_url);
  edit.stock.total = total;
  return edit;
}

// The parts of an edit that its route and its headers say.
Result<EditRequest> edit_of(const http::Request& request) {
  const auto id = read_product_id(request);
  if (!id) return id.error();
  auto if_match = read_if_match(request.if_match);
  if (!if_match) return if_match.error();
  EditRequest edit;
  edit.product = *id;
  edit.if_match = std::move(*if_match);
  edit.actor = request.caller.user;
  edit.trace = request.trace();
  return edit;
}

Failure wrong_if_match() {
  Failure failure(Error::invalid, "Correct the header named in errors.");
  failure.fields.push_back({"If-Match", "Must be * or entity tags as ETag gave them, such as \"3-700\"."});
  return failure;
}

// One entity tag at the front of `rest`; false when there is none. Weak ones match nothing and are left out.
bool take_tag(std::string_view& rest, IfMatch& condition) {
  const bool weak = rest.starts_with("W/");
  if (weak) rest.remove_prefix(2);
  if (!rest.starts_with('"')) return false;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) return false;
  const std::string_view tag = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (!weak) condition.tags.emplace_back(tag);
  return std::ranges::all_of(tag, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

}  // namespace

Result<RegisterRequest> read_register_request(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  RegisterRequest wanted;
  wanted.details = read_details(*body);
  wanted.total = read_total(*body);
  wanted.created_by = request.caller.user;
  wanted.trace = request.trace();
  wanted.key = read_key(*body, request, 0);
  if (auto failure = body->finish()) return std::move(*failure);
  return wanted;
}

Result<EditRequest> read_replacement(const http::Request& request) {
  auto edit = edit_of(request);
  if (!edit) return edit;
  if (!edit->if_match) {
    return Failure(
        Error::precondition_required,
        "Send If-Match with the ETag of the product that you edit, so that nobody's edit gets lost.");
  }
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  ProductDetails details = read_details(*body);
  edit->edit = everything(std::move(details), read_total(*body));
  if (auto failure = body->finish()) return std::move(*failure);
  return edit;
}

Result<EditRequest> read_patch(const http::Request& request) {
  auto wanted = edit_of(request);
  if (!wanted) return wanted;
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  Edit& edit = wanted->edit;
  if (body->has("productName")) edit.name = body->text("productName", 1, limits::max_product_name_chars);
  if (body->has("productDescription")) {
    edit.description = body->lines("productDescription", 0, limits::max_product_description_chars);
  }
  if (body->has("productPrice")) edit.price = body->integer("productPrice", 0, limits::max_price);
  if (body->has("productStock")) edit.stock.total = read_total(*body);
  if (body->has("productType")) edit.type = read_type(*body);
  if (body->has("opensAt")) edit.opens_at = body->optional_time("opensAt");
  if (body->has("closesAt")) edit.closes_at = body->optional_time("closesAt");
  if (body->has("perUserLimit")) {
    edit.per_user_limit = body->optional_integer("perUserLimit", 1, limits::max_total_units);
  }
  if (body->has("imageUrl")) edit.image_url = body->optional_text("imageUrl", 1, limits::max_url_chars);
  if (auto failure = body->finish()) return std::move(*failure);
  return wanted;
}

Result<EditRequest> read_state_change(const http::Request& request, ProductState state) {
  auto edit = edit_of(request);
  if (!edit) return edit;
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  if (auto failure = body->finish()) return std::move(*failure);
  edit->edit.state = state;
  return edit;
}

Result<AdjustRequest> read_adjust_request(const http::Request& request) {
  const auto id = read_product_id(request);
  if (!id) return id.error();
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  AdjustRequest adjust;
  adjust.product = *id;
  adjust.trace = request.trace();
  adjust.delta = body->integer("delta", -limits::max_total_units, limits::max_total_units);
  if (adjust.delta == 0) body->reject("delta", "Must not be 0.");
  adjust.reason = body->text("reason", 1, limits::max_reason_chars);
  adjust.actor = request.caller.user;
  adjust.key = read_key(*body, request, static_cast<std::uint64_t>(id->value));
  if (auto failure = body->finish()) return std::move(*failure);
  return adjust;
}

Result<std::optional<IfMatch>> read_if_match(std::string_view header) {
  if (header.empty()) return std::optional<IfMatch>();
  if (header.size() > limits::max_if_match_bytes) return wrong_if_match();
  IfMatch condition;
  condition.any = header == "*";
  if (condition.any) return std::optional(std::move(condition));
  for (std::string_view rest = header;;) {
    skip_blanks(rest);
    if (!take_tag(rest, condition)) return wrong_if_match();
    skip_blanks(rest);
    if (rest.empty()) return std::optional(std::move(condition));
    if (!rest.starts_with(',')) return wrong_if_match();
    rest.remove_prefix(1);
  }
}

Result<ProductId> read_product_id(const http::Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such product.");
  return ProductId{*id};
}

Result<WishRequest> read_wish_request(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  WishRequest wish;
  wish.product = ProductId{body->integer("productId", 1, max_id)};
  wish.note = body->optional_text("note", 1, limits::max_wish_note_chars).value_or("");
  if (auto failure = body->finish()) return std::move(*failure);
  return wish;
}

Result<WishRequest> read_note_request(const http::Request& request) {
  const auto id = read_product_id(request);
  if (!id) return id.error();
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  WishRequest wish;
  wish.product = *id;
  if (!body->has("note")) body->reject("note", "Say what to note; null removes the note.");
  wish.note = body->optional_text("note", 1, limits::max_wish_note_chars).value_or("");
  if (auto failure = body->finish()) return std::move(*failure);
  return wish;
}

}  // namespace buyme::product
