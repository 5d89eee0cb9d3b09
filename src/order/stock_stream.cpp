#include "order/stock_stream.hpp"

#include <fmt/format.h>

#include "order/codec.hpp"

namespace buyme::order {

void StockStream::append_news(std::string& out) {
  // A browser that lost the stream comes back after a second, not at once with all the others.
  if (!greeted_) out += "retry: 1000\n\n";
  greeted_ = true;
  const auto level = board_.level(product_);
  if (!level || level->version == seen_) return;
  seen_ = level->version;
  fmt::format_to(std::back_inserter(out), "id: {}\nevent: stock\ndata: ", level->version);
  append_stock(out, *level);
  out += "\n\n";
}

}  // namespace buyme::order
