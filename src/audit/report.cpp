#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "audit/audit.hpp"

namespace buyme::audit {

namespace json = boost::json;

bool Report::passed() const {
  return std::ranges::none_of(findings,
                              [](const Finding& finding) { return finding.kind == Finding::Kind::fault; });
}

Report make_report(const Books& books) {
  return {books.read_at, static_cast<std::int64_t>(books.orders.size()), sum_products(books), audit(books)};
}

std::string render_text(const Report& report) {
  std::string text = fmt::format("Books at {}: {} products, {} orders\n\n", format_time(report.read_at),
                                 report.products.size(), report.orders);
  fmt::format_to(std::back_inserter(text), "{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
                 "product", "total", "free", "held", "sold", "canceled", "expired", "returned");
  for (const ProductSums& sums : report.products) {
    fmt::format_to(std::back_inserter(text), "{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
                   sums.product.value, sums.total, sums.free(), sums.held, sums.sold, sums.canceled,
                   sums.expired, sums.returned);
  }
  text += '\n';
  for (const Finding& finding : report.findings) {
    const bool fault = finding.kind == Finding::Kind::fault;
    fmt::format_to(std::back_inserter(text), "{:5} {} ({}): {}\n", fault ? "FAULT" : "note", finding.check,
                   finding.count, finding.detail);
  }
  text += report.passed() ? "The books add up.\n" : "THE BOOKS DO NOT ADD UP.\n";
  return text;
}

std::string render_json(const Report& report) {
  json::array products;
  for (const ProductSums& sums : report.products) {
    products.push_back({{"productId", sums.product.value},
                        {"total", sums.total},
                        {"free", sums.free()},
                        {"held", sums.held},
                        {"sold", sums.sold},
                        {"canceled", sums.canceled},
                        {"expired", sums.expired},
                        {"returned", sums.returned}});
  }
  json::array findings;
  for (const Finding& finding : report.findings) {
    findings.push_back({{"kind", finding.kind == Finding::Kind::fault ? "fault" : "note"},
                        {"check", finding.check},
                        {"count", finding.count},
                        {"detail", finding.detail}});
  }
  json::object object{{"passed", report.passed()},
                      {"readAt", format_time(report.read_at)},
                      {"orders", report.orders},
                      {"products", std::move(products)},
                      {"findings", std::move(findings)}};
  return json::serialize(object);
}

}  // namespace buyme::audit
