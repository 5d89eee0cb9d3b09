#include "product/codec_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "core/csv.hpp"
#include "core/limits.hpp"
#include "core/random.hpp"
#include "http/json_input.hpp"
#include "http/utf8.hpp"
#include "product/cursor.hpp"
#include "product/rules.hpp"

namespace buyme::product {

namespace {

constexpr std::array<std::string_view, 15> columns{
    "productId", "productName", "productDescription", "productPrice", "productStock", "productType", "state",
    "opensAt",   "closesAt",    "perUserLimit",       "imageUrl",     "createdAt",    "available",   "held",
    "sold"};

constexpr std::size_t max_named_column_bytes = 64;

std::string cell_of(const std::optional<Time>& time) {
  return time ? format_time(*time) : std::string();
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_csv(std::string_view content_type) {
  constexpr std::string_view wanted = "text/csv";
  if (content_type.size() < wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(content_type[i])) != wanted[i]) return false;
  }
  const std::string_view rest = content_type.substr(wanted.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ';
}

// One line of the file: cells by column, problems by line and column.
class LineInput {
 public:
  LineInput(const csv::Row& row, const std::vector<std::string>& names, std::vector<FieldError>& errors)
      : row_(row), names_(names), errors_(errors) {}

  const std::string& cell(std::string_view column) const {
    static const std::string empty;
    const auto found = std::ranges::find(names_, column);
    return found == names_.end() ? empty : row_.cells[static_cast<std::size_t>(found - names_.begin())];
  }
  bool empty(std::string_view column) const { return cell(column).empty(); }
  void reject(std::string_view column, std::string detail) {
    errors_.push_back({fmt::format("lines[{}].{}", row_.line, column), std::move(detail)});
  }

  std::string text(std::string_view column, std::size_t min_chars, std::size_t max_chars) {
    const std::string& value = cell(column);
    const bool control = std::ranges::any_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    const std::size_t count = http::count_characters(value);
    if (count < min_chars || count > max_chars || control || !http::valid_utf8(value)) {
      reject(column,
             fmt::format("Must be UTF-8 text of {} to {} characters, none of them a control character.",
                         min_chars, max_chars));
    }
    return value;
  }
  // The same of a text that may have lines of its own.
  std::string lines(std::string_view column, std::size_t min_chars, std::size_t max_chars) {
    const std::string& value = cell(column);
    auto unified = http::unified_lines(value);
    const std::size_t count = http::count_characters(value);
    if (count >= min_chars && count <= max_chars && unified && http::valid_utf8(value)) return *unified;
    reject(column, fmt::format("Must be UTF-8 text of {} to {} characters, none of them a control character "
                               "other than a line break.",
                               min_chars, max_chars));
    return {};
  }
  std::int64_t integer(std::string_view column, std::int64_t min, std::int64_t max) {
    const auto value = whole_number(cell(column));
    if (value && *value >= min && *value <= max) return *value;
    reject(column, fmt::format("Must be a whole number from {} to {}.", min, max));
    return min;
  }
  std::optional<Time> time(std::string_view column) {
    if (empty(column)) return std::nullopt;
    const auto value = parse_time(cell(column));
    if (!value) reject(column, "Must be a time with an offset, such as 2026-03-01T12:00:00+09:00.");
    return value;
  }
  ProductType type() {
    const auto value = type_from(cell("productType"));
    if (!value) reject("productType", "Must be NORMAL or RESERVED.");
    return value.value_or(ProductType::normal);
  }

 private:
  const csv::Row& row_;
  const std::vector<std::string>& names_;
  std::vector<FieldError>& errors_;
};

void read_new_product(LineInput& line, ImportRow& row) {
  ProductDetails& details = row.details;
  details.name = line.text("productName", 1, limits::max_product_name_chars);
  details.description = line.lines("productDescription", 0, limits::max_product_description_chars);
  details.price = line.integer("productPrice", 0, limits::max_price);
  row.total = line.integer("productStock", 0, limits::max_total_units);
  details.type = line.type();
  details.opens_at = line.time("opensAt");
  details.closes_at = line.time("closesAt");
  if (!line.empty("perUserLimit")) {
    details.per_user_limit = line.integer("perUserLimit", 1, limits::max_total_units);
  }
  if (!line.empty("imageUrl")) details.image_url = line.text("imageUrl", 1, limits::max_url_chars);
  for (auto& problem : problems_of(details)) line.reject(problem.field, std::move(problem.detail));
}

// "700", "+30" or "-30".
StockWish read_stock(LineInput& line) {
  StockWish wish;
  const std::string& cell = line.cell("productStock");
  if (cell.empty()) return wish;
  const bool added = cell.front() == '+';
  if (added || cell.front() == '-') {
    const auto amount = whole_number(std::string_view(cell).substr(1));
    if (amount && *amount >= 0 && *amount <= limits::max_total_units) {
      wish.delta = added ? *amount : -*amount;
      return wish;
    }
  } else if (const auto total = whole_number(cell); total && *total <= limits::max_total_units) {
    wish.total = *total;
    return wish;
  }
  line.reject("productStock", fmt::format("Must be a total from 0 to {0}, or +N or -N with N up to {0}.",
                                          limits::max_total_units));
  return wish;
}

void read_change(LineInput& line, ImportRow& row) {
  const auto id = http::path_id(line.cell("productId"));
  if (!id) line.reject("productId", "Must be the number of a product, or empty for a new one.");
  row.product = ProductId{id.value_or(0)};
  Edit& given = row.given;
  given.stock = read_stock(line);
  if (!line.empty("productName")) given.name = line.text("productName", 1, limits::max_product_name_chars);
  if (!line.empty("productDescription")) {
    given.description = line.lines("productDescription", 1, limits::max_product_description_chars);
  }
  if (!line.empty("productPrice")) given.price = line.integer("productPrice", 0, limits::max_price);
  if (!line.empty("productType")) given.type = line.type();
  if (!line.empty("opensAt")) given.opens_at = line.time("opensAt");
  if (!line.empty("closesAt")) given.closes_at = line.time("closesAt");
  if (!line.empty("perUserLimit")) {
    given.per_user_limit = line.integer("perUserLimit", 1, limits::max_total_units);
  }
  if (!line.empty("imageUrl")) given.image_url = line.text("imageUrl", 1, limits::max_url_chars);
}

// The names in the first line.
void check_header(const csv::Row& header, std::vector<FieldError>& errors) {
  const auto reject = [&](std::string column, std::string detail) {
    errors.push_back({fmt::format("lines[{}].{}", header.line, column), std::move(detail)});
  };
  std::map<std::string_view, int> seen;
  for (const std::string& name : header.cells) {
    if (std::ranges::find(columns, name) == columns.end()) {
      reject(name.substr(0, max_named_column_bytes), "Is not a column of this file.");
    } else if (++seen[name] == 2) {
      reject(name, "Is there twice.");
    }
  }
  if (!seen.contains("productStock")) reject("productStock", "This column is needed.");
}

Failure invalid(std::vector<FieldError> errors) {
  Failure failure(Error::invalid, "Nothing was imported. Correct the lines named in errors.");
  failure.fields = std::move(errors);
  return failure;
}

std::string_view result_of(const ImportLine& line) {
  if (line.outcome == ImportOutcome::open) return "PENDING";
  if (line.outcome == ImportOutcome::refused) return "REFUSED";
  if (line.action == ImportAction::create) return "CREATED";
  return line.action == ImportAction::change ? "CHANGED" : "KEPT";
}

}  // namespace

void append_csv_header(std::string& out) {
  out += csv::bom;
  csv::append_row(out, std::vector<std::string>(columns.begin(), columns.end()));
}

void append_csv_row(std::string& out, const ProductView& view) {
  const ProductDetails& details = view.product.details;
  const order::StockLevel& stock = view.stock;
  const std::string cells[] = {
      std::to_string(view.product.id.value),
      details.name,
      details.description,
      std::to_string(details.price),
      std::to_string(stock.total),
      std::string(to_string(details.type)),
      std::string(to_string(view.product.state)),
      cell_of(details.opens_at),
      cell_of(details.closes_at),
      details.per_user_limit ? std::to_string(*details.per_user_limit) : "",
      details.image_url.value_or(""),
      format_time(view.product.created_at),
      std::to_string(stock.available()),
      std::to_string(stock.held),
      std::to_string(stock.sold),
  };
  static_assert(std::size(cells) == columns.size());
  csv::append_row(out, cells);
}

Result<ImportRequest> read_import_request(const http::Request& request) {
  if (!is_csv(request.content_type)) {
    return Failure(Error::unsupported_media, "Send the file as Content-Type: text/csv.");
  }
  auto rows = csv::read(request.body, {limits::max_import_rows + 1, columns.size()});
  if (!rows) return rows.error();
  std::vector<FieldError> errors;
  const std::string_view key = request.idempotency_key;
  if (key.size() > limits::max_idempotency_key_bytes ||
      !std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; })) {
    errors.push_back({"Idempotency-Key", fmt::format("Must be 1 to {} visible ASCII characters.",
                                                     limits::max_idempotency_key_bytes)});
  }
  if (rows->size() < 2)
    errors.push_back({"lines[1]", "Send a line of column names and at least one product."});
  if (!rows->empty()) check_header(rows->front(), errors);
  if (!errors.empty()) return invalid(std::move(errors));

  ImportRequest import;
  import.trace = request.trace();
  std::map<ProductId, std::int64_t> line_of;
  for (std::size_t i = 1; i < rows->size(); ++i) {
    const csv::Row& cells = (*rows)[i];
    LineInput line(cells, rows->front().cells, errors);
    if (cells.cells.size() != rows->front().cells.size()) {
      errors.push_back({fmt::format("lines[{}]", cells.line),
                        fmt::format("Has {} cells, the first line has {}.", cells.cells.size(),
                                    rows->front().cells.size())});
      continue;
    }
    ImportRow row;
    row.line = static_cast<std::int64_t>(cells.line);
    if (line.empty("productId")) {
      read_new_product(line, row);
    } else {
      read_change(line, row);
    }
    if (row.product) {
      const auto [first, is_first] = line_of.emplace(row.product, row.line);
      if (!is_first) line.reject("productId", fmt::format("Is in line {} already.", first->second));
    }
    import.rows.push_back(std::move(row));
  }
  if (!errors.empty()) return invalid(std::move(errors));
  import.actor = request.caller.user;
  import.key = {std::string(key), hash_bytes(request.body)};
  return import;
}

void append_import(std::string& out, const Import& import) {
  std::map<std::string_view, int> count;
  for (const ImportLine& line : import.lines) ++count[result_of(line)];
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"created":{},"changed":{},"kept":{},"refused":{},"pending":{},"lines":[)",
                 count["CREATED"], count["CHANGED"], count["KEPT"], count["REFUSED"], count["PENDING"]);
  for (const ImportLine& line : import.lines) {
    if (&line != import.lines.data()) out += ',';
    fmt::format_to(to, R"({{"line":{},"productId":{},"result":"{}"}})", line.line, line.product.value,
                   result_of(line));
  }
  out += "]}";
}

bool is_finished(const Import& import) {
  return std::ranges::none_of(import.lines,
                              [](const ImportLine& line) { return line.outcome == ImportOutcome::open; });
}

Result<ProductId> read_export_query(const http::Request& request) {
  http::QueryInput input(request.query);
  ProductId after;
  if (const auto text = input.text("cursor", limits::max_target_bytes)) {
    const auto position = decode_cursor(*text, scope_of("products.csv"));
    if (!position) input.reject("cursor", "Is not the cursor of an export.");
    if (position) after = ProductId{position->id};
  }
  if (auto failure = input.finish()) return std::move(*failure);
  return after;
}

std::string export_cursor(ProductId last) {
  return encode_cursor({last.value, 0, {}}, scope_of("products.csv"));
}

}  // namespace buyme::product
