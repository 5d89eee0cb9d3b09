#include "support/testimony.hpp"

#include <algorithm>

#include "audit/audit.hpp"
#include "order/api.hpp"

namespace buyme::test {

drop::ShopView view_of(const audit::Books& books, std::vector<drop::ProductView> products) {
  drop::ShopView view;
  view.products = std::move(products);
  view.read_at = books.read_at;
  for (auto& product : view.products) {
    const auto ledger = std::ranges::find_if(
        books.ledgers, [&](const auto& row) { return row.product.value == product.product_id; });
    if (ledger == books.ledgers.end()) continue;
    product.stock.total = ledger->total;
    product.stock.sold = ledger->sold;
    product.stock.held = ledger->committed - ledger->sold;
    product.stock.available = ledger->total - ledger->committed;
    product.stock.sold_out = product.stock.available <= 0;
  }
  view.orders.reserve(books.orders.size());
  auto item = books.items.begin();
  for (const auto& row : books.orders) {
    drop::SeenOrder& order = view.orders.emplace_back();
    order.order_id = row.order.value;
    order.user_id = row.user.value;
    order.amount = row.amount;
    order.status = order::to_string(static_cast<order::OrderStatus>(row.status));
    order.placed_at = format_time(row.placed_at);
    order.hold_expires_at = row.hold_expires_at;
    for (; item != books.items.end() && item->order <= row.order; ++item) {
      if (item->order == row.order) order.items.push_back({item->product.value, item->quantity, item->price});
    }
  }
  view.read_back.reserve(view.orders.size());
  for (const auto& order : view.orders) view.read_back.push_back({order.order_id, order, ""});
  return view;
}

std::vector<std::string> broken_promises(const drop::Observed& seen, const drop::ShopView& shop,
                                         const audit::Books& books) {
  std::vector<std::string> broken;
  for (auto& check : drop::check(seen, shop)) {
    if (!check.passed) broken.push_back(std::move(check.name) + ": " + check.detail);
  }
  for (auto& finding : audit::audit(books)) {
    if (finding.kind == audit::Finding::Kind::fault) broken.push_back(finding.check + ": " + finding.detail);
  }
  return broken;
}

}  // namespace buyme::test
