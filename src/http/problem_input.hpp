// Problem answers of our own servers, read back: the inverse of write_problem.
#pragma once

#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace buyme::http {

// The Failure that write_problem made `body` of, in English: code, detail, fields and members in their order.
// `retry_after` is the header's value, empty when there was none. nullopt for what is no problem document, or
// has a code that this program does not know. Pure, thread-safe.
std::optional<Failure> read_problem(std::string_view body, std::string_view retry_after);

}  // namespace buyme::http
