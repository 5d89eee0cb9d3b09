#include "core/csv.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace buyme::csv {

namespace {

// What makes a spreadsheet calculate, also in the wide forms that East Asian ones take for the same.
constexpr std::array<std::string_view, 10> triggers{
    "=", "+", "-", "@", "\t", "\r", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20",
};

bool begins_with_trigger(std::string_view text) {
  return std::ranges::any_of(triggers,
                             [text](std::string_view trigger) { return text.starts_with(trigger); });
}

bool needs_apostrophe(std::string_view text) {
  return text.starts_with('\'') || begins_with_trigger(text);
}

void append_cell(std::string& out, std::string_view text) {
  const bool escaped = needs_apostrophe(text);
  if (!escaped && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  if (escaped) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string without_apostrophe(std::string cell) {
  if (cell.starts_with('\'') && needs_apostrophe(std::string_view(cell).substr(1))) cell.erase(0, 1);
  return cell;
}

Failure fault(std::size_t line, std::string detail) {
  Failure failure(Error::invalid, "The CSV cannot be read; correct the line named in errors.");
  failure.fields.push_back({"lines[" + std::to_string(line) + "]", std::move(detail)});
  return failure;
}

class Reader {
 public:
  Reader(std::string_view text, const ReadLimits& limits) : text_(text), limits_(limits) {
    if (text_.starts_with(bom)) at_ = bom.size();
  }

  Result<std::vector<Row>> read() {
    std::vector<Row> rows;
    while (at_ < text_.size()) {
      Row row;
      row.line = line_;
      if (auto wrong = read_row(row)) return std::move(*wrong);
      if (row.cells.size() == 1 && row.cells[0].empty()) continue;
      if (rows.size() == limits_.rows) {
        return fault(row.line, "There may be at most " + std::to_string(limits_.rows) + " lines.");
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool at_end_of_line() const {
    return at_ == text_.size() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n";
  }

  std::optional<Failure> read_row(Row& row) {
    while (true) {
      if (row.cells.size() == limits_.cells) return fault(row.line, "This line has too many cells.");
      const bool quoted = at_ < text_.size() && text_[at_] == '"';
      std::string cell;
      if (auto wrong = quoted ? read_quoted(cell) : read_plain(cell)) return wrong;
      row.cells.push_back(without_apostrophe(std::move(cell)));
      if (at_end_of_line()) break;
      ++at_;  // the comma
    }
    if (at_ < text_.size()) {
      at_ += text_[at_] == '\r' ? 2 : 1;
      ++line_;
    }
    return std::nullopt;
  }

  std::optional<Failure> read_plain(std::string& cell) {
    while (!at_end_of_line() && text_[at_] != ',') {
      if (text_[at_] == '"') return fault(line_, "A cell that holds a quote must be quoted as a whole.");
      if (text_[at_] == '\r') return fault(line_, "A line must end in CR LF or LF.");
      cell += text_[at_++];
    }
    return std::nullopt;
  }

  std::optional<Failure> read_quoted(std::string& cell) {
    const std::size_t opened = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (text_.substr(at_, 2) == "\"\"") {
        cell += '"';
        ++at_;
      } else {
        ++at_;
        if (at_end_of_line() || text_[at_] == ',') return std::nullopt;
        return fault(line_, "Behind the closing quote of a cell only a comma may follow.");
      }
    }
    return fault(opened, "The quote that opens here is not closed.");
  }

  std::string_view text_;
  ReadLimits limits_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

void append_row(std::string& out, std::span<const std::string> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    append_cell(out, cells[i]);
  }
  out += "\r\n";
}

Result<std::vector<Row>> read(std::string_view text, const ReadLimits& limits) {
  return Reader(text, limits).read();
}

}  // namespace buyme::csv
