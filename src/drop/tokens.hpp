// The file of buyers that `buyme admin tokens` writes: "userId,token" and then one buyer per line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace buyme::drop {

struct Buyer {
  std::int64_t user_id = 0;
  std::string token;
};

// Error::invalid, with file, line and reason in its detail. A byte order mark, CRLF and quoted cells are
// taken; a user that comes twice is refused, as two buyers with one account would spoil the checks.
Result<std::vector<Buyer>> parse_tokens_csv(std::string_view text, std::string_view file_name);
Result<std::vector<Buyer>> read_tokens_csv(const std::string& path);

}  // namespace buyme::drop
