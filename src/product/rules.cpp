#include "product/rules.hpp"

#include <algorithm>

namespace buyme::product {

std::string_view to_string(ProductType type) {
  return type == ProductType::normal ? "NORMAL" : "RESERVED";
}

std::string_view to_string(ProductState state) {
  switch (state) {
    case ProductState::draft:
      return "DRAFT";
    case ProductState::active:
      return "ACTIVE";
    case ProductState::paused:
      return "PAUSED";
    case ProductState::archived:
      return "ARCHIVED";
  }
  return "DRAFT";
}

std::optional<ProductType> type_from(std::string_view text) {
  if (text == "NORMAL") return ProductType::normal;
  if (text == "RESERVED") return ProductType::reserved;
  return std::nullopt;
}

bool is_web_url(std::string_view text) {
  std::string_view rest;
  if (text.starts_with("https://")) rest = text.substr(8);
  if (text.starts_with("http://")) rest = text.substr(7);
  const bool has_host =
      !rest.empty() && std::string_view("/?#:@").find(rest.front()) == std::string_view::npos;
  return has_host && std::all_of(rest.begin(), rest.end(), [](char c) {
           return c > ' ' && c <= '~' && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
         });
}

std::vector<FieldError> problems_of(const ProductDetails& details) {
  std::vector<FieldError> problems;
  if (details.type == ProductType::reserved && !details.opens_at) {
    problems.push_back({"opensAt", "Say when the sale of a RESERVED product opens."});
  }
  if (details.opens_at && details.closes_at && *details.closes_at <= *details.opens_at) {
    problems.push_back({"closesAt", "Must be after opensAt."});
  }
  if (details.image_url && !details.image_url->empty() && !is_web_url(*details.image_url)) {
    problems.push_back({"imageUrl", "Must be an http or https URL."});
  }
  return problems;
}

std::vector<std::string_view> differences(const ProductDetails& a, const ProductDetails& b) {
  std::vector<std::string_view> fields;
  if (a.name != b.name) fields.emplace_back("productName");
  if (a.description != b.description) fields.emplace_back("productDescription");
  if (a.price != b.price) fields.emplace_back("productPrice");
  if (a.type != b.type) fields.emplace_back("productType");
  if (a.opens_at != b.opens_at) fields.emplace_back("opensAt");
  if (a.closes_at != b.closes_at) fields.emplace_back("closesAt");
  if (a.per_user_limit != b.per_user_limit) fields.emplace_back("perUserLimit");
  if (a.image_url != b.image_url) fields.emplace_back("imageUrl");
  return fields;
}

}  // namespace buyme::product
