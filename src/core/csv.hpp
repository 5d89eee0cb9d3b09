// CSV as RFC 4180 has it, for people with spreadsheets: a spreadsheet must not run what a buyer or a merchant
// wrote. A cell that one would take for a formula is led by an apostrophe, and so is a cell that begins with
// one; reading takes it off again, so that what was written is what is read.
//
// Pure, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace buyme::csv {

inline constexpr std::string_view bom = "\xEF\xBB\xBF";  // without it spreadsheets guess another encoding

// Appends one line, ended by CR LF.
void append_row(std::string& out, std::span<const std::string> cells);

struct Row {
  std::size_t line = 0;  // where it begins, counted from 1
  std::vector<std::string> cells;
};

struct ReadLimits {
  std::size_t rows = 0;
  std::size_t cells = 0;  // of one row
};

// The rows of `text`, without those that are empty. A BOM is skipped; lines end in CR LF or LF. Errors:
// invalid, naming the line ("lines[3]"), for a quote out of place or left open, and past the limits.
Result<std::vector<Row>> read(std::string_view text, const ReadLimits& limits);

}  // namespace buyme::csv
