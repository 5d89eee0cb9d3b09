// What must hold of a product's details, whoever wrote them: JSON, CSV or an edit of a part. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "product/store.hpp"

namespace buyme::product {

std::optional<ProductType> type_from(std::string_view text);  // "NORMAL"

// http or https, a host, and nothing that could end the attribute a page puts it into.
bool is_web_url(std::string_view text);

// What is wrong between the fields, by their names in JSON. Each alone was checked when it was read.
std::vector<FieldError> problems_of(const ProductDetails& details);

// The names in JSON of the fields that differ.
std::vector<std::string_view> differences(const ProductDetails& a, const ProductDetails& b);

}  // namespace buyme::product
