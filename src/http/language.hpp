// In which of the languages that problems are told in a caller wants to read them.
#pragma once

#include <string_view>

namespace buyme::http {

// Of an Accept-Language header (RFC 9110, 12.5.4): true when Korean is named and no other language is wanted
// more or, at the same weight, named before it.
bool prefers_korean(std::string_view accept_language);

}  // namespace buyme::http
