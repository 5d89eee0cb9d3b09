#include "support/testimony.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "audit/audit.hpp"
#include "order/api.hpp"

namespace buyme::test {

namespace {

drop::StockLevel stock_of(const audit::Books::Ledger& ledger) {
  const Units available = ledger.total - ledger.committed;
  return {.total = ledger.total,
          .available = available,
          .held = ledger.committed - ledger.sold,
          .sold = ledger.sold,
          .sold_out = available <= 0};
}

// Both lists are ascending by order; items of an order that is not there are the audit's concern.
std::vector<drop::SeenOrder> orders_of(const audit::Books& books) {
  std::vector<drop::SeenOrder> orders;
  orders.reserve(books.orders.size());
  auto item = books.items.begin();
  for (const auto& row : books.orders) {
    drop::SeenOrder& order = orders.emplace_back();
    order.order_id = row.order.value;
    order.user_id = row.user.value;
    order.amount = row.amount;
    order.status = order::to_string(static_cast<order::OrderStatus>(row.status));
    order.placed_at = format_time(row.placed_at);
    order.hold_expires_at = row.hold_expires_at;
    while (item != books.items.end() && item->order < row.order) ++item;
    for (; item != books.items.end() && item->order == row.order; ++item) {
      const bool returned = item->status == static_cast<int>(order::ItemStatus::returned);
      order.add_item({item->product.value, item->quantity, item->price, returned ? item->quantity : 0});
    }
  }
  return orders;
}

}  // namespace

drop::ShopView view_of(const audit::Books& books, const std::vector<drop::ProductView>& before) {
  drop::ShopView view;
  view.products = before;
  for (auto& product : view.products) {
    const ProductId id{product.product_id};
    const auto ledger = std::ranges::lower_bound(books.ledgers, id, {}, &audit::Books::Ledger::product);
    const bool found = ledger != books.ledgers.end() && ledger->product == id;
    product.stock = found ? stock_of(*ledger) : drop::StockLevel{};
  }
  view.orders = orders_of(books);
  view.read_back.reserve(view.orders.size());
  for (const auto& order : view.orders) view.read_back.push_back({order.order_id, order, {}});
  view.read_at = books.read_at;
  return view;
}

std::vector<std::string> broken_promises(const drop::Observed& clients, const drop::ShopView& shop,
                                         const audit::Books& books) {
  std::vector<std::string> broken;
  for (const auto& check : drop::check(clients, shop)) {
    if (!check.passed) broken.push_back(fmt::format("{}: {}", check.name, check.detail));
  }
  for (const auto& finding : audit::audit(books)) {
    if (finding.kind != audit::Finding::Kind::fault) continue;
    broken.push_back(fmt::format("audit, {}: {} ({})", finding.check, finding.detail, finding.count));
  }
  return broken;
}

}  // namespace buyme::test
