#include "order/internal_codec.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "http/service_call.hpp"

namespace buyme::order {
namespace {

using http::decode;
using http::encode;

constexpr int rounds = 300;

// Everything that a struct holds. Structured bindings, so that a new field does not compile until it is here
// (and then fails until it crosses).
auto all_of(const Caller& value) {
  const auto& [user, role, known, trusted] = value;
  return std::tuple(user, role, known, trusted);
}
auto all_of(const SaleTerms& value) {
  const auto& [product, version, state, price, opens_at, closes_at, limit] = value;
  return std::tuple(product, version, state, price, opens_at, closes_at, limit);
}
auto all_of(const TermsUpdate& value) {
  const auto& [terms, total, delta, actor, reason] = value;
  return std::tuple(all_of(terms), total, delta, actor, reason);
}
auto all_of(const HistoryCall& value) {
  const auto& [product, before, limit] = value;
  return std::tuple(product, before, limit);
}
auto all_of(const StockChange& value) {
  const auto& [id, at, old_total, new_total, actor, reason] = value;
  return std::tuple(id, at, old_total, new_total, actor, reason);
}
auto all_of(const StockLevel& value) {
  const auto& [product, total, held, sold, version] = value;
  return std::tuple(product, total, held, sold, version);
}
auto all_of(const OrderItem& value) {
  const auto& [id, product, quantity, price, status, counted] = value;
  return std::tuple(id, product, quantity, price, status, counted);
}
template <class T>
auto all_of(const std::vector<T>& values) {
  std::vector<decltype(all_of(values.front()))> all;
  for (const T& value : values) all.push_back(all_of(value));
  return all;
}
auto all_of(const HistoryAnswer& value) {
  const auto& [changes] = value;
  return all_of(changes);
}
auto all_of(const CancelUnpaidCall& value) {
  const auto& [user] = value;
  return user;
}
auto all_of(const StockCall& value) {
  const auto& [product] = value;
  return product;
}
auto all_of(const StocksCall& value) {
  const auto& [products] = value;
  return products;
}
auto all_of(const StocksAnswer& value) {
  const auto& [levels] = value;
  return all_of(levels);
}
auto all_of(const EnterPaymentCall& value) {
  const auto& [order, caller, attempting] = value;
  return std::tuple(order, all_of(caller), attempting);
}
auto all_of(const PaymentTicket& value) {
  const auto& [order, user, amount, hold_expires_at] = value;
  return std::tuple(order, user, amount, hold_expires_at);
}
auto all_of(const SettlePaymentCall& value) {
  const auto& [order, attempt, succeeded] = value;
  const auto& [id, number] = attempt;
  return std::tuple(order, id, number, succeeded);
}
auto all_of(const SettlementAnswer& value) {
  const auto& [settlement] = value;
  return settlement;
}
auto all_of(const GetCall& value) {
  const auto& [order, caller] = value;
  return std::tuple(order, all_of(caller));
}
auto all_of(const Order& value) {
  const auto& [id, user, placed_at, amount, status, hold_expires_at, paid_at, items] = value;
  return std::tuple(id, user, placed_at, amount, status, hold_expires_at, paid_at, all_of(items));
}

// Draws values, the extreme ones often.
class Draw {
 public:
  explicit Draw(std::string_view stream) : random_(20'261'125, stream) {}

  std::uint64_t below(std::uint64_t bound) { return random_.next() % bound; }
  bool flag() { return below(2) == 0; }
  std::int64_t number() {
    switch (below(5)) {
      case 0:
        return 0;
      case 1:
        return std::numeric_limits<std::int64_t>::min();
      case 2:
        return std::numeric_limits<std::int64_t>::max();
      default:
        return static_cast<std::int64_t>(random_.next());
    }
  }
  template <class IdType>
  IdType id() {
    return IdType{static_cast<std::int64_t>(random_.next() >> (1 + below(62)))};
  }
  Time time() { return from_unix_ms(number()); }
  template <class Make>
  auto maybe(Make make) {
    using Value = decltype(make());
    return flag() ? std::optional<Value>(make()) : std::nullopt;
  }
  template <class Enum>
  Enum one_of(Enum first, Enum last) {
    const auto low = static_cast<std::uint64_t>(first);
    return static_cast<Enum>(low + below(static_cast<std::uint64_t>(last) - low + 1));
  }
  std::string text() {
    static constexpr const char* parts[] = {"a", "\"", "\\", "\n",   "품절", "🍊",
                                            " ", "{",  "}",  "\x01", "\x7f"};
    std::string made;
    for (auto left = below(12); left > 0; --left) made += parts[below(std::size(parts))];
    if (below(8) == 0) made.push_back('\0');
    return made;
  }
  template <class Make>
  auto list(Make make) {
    std::vector<decltype(make())> made;
    for (auto left = below(6); left > 0; --left) made.push_back(make());
    return made;
  }
  Caller caller() { return {id<UserId>(), one_of(Role::user, Role::admin), flag(), flag()}; }

 private:
  Random random_;
};

template <class T, class Make>
void expect_crossing(std::string_view name, Make make) {
  Draw draw(name);
  for (int round = 0; round < rounds; ++round) {
    const T value = make(draw);
    const std::string json = encode(value);
    const auto read = decode<T>(json);
    ASSERT_TRUE(read) << json << " " << read.error().detail;
    ASSERT_TRUE(all_of(*read) == all_of(value)) << json;
  }
}

SaleTerms make_terms(Draw& draw) {
  const auto number = [&] { return draw.number(); };
  const auto time = [&] { return draw.time(); };
  SaleTerms terms;
  terms.product = draw.id<ProductId>();
  terms.version = draw.number();
  terms.state = draw.one_of(SaleState::active, SaleState::archived);
  terms.price = draw.number();
  terms.opens_at = draw.maybe(time);
  terms.closes_at = draw.maybe(time);
  terms.per_user_limit = draw.maybe(number);
  return terms;
}

TEST(InternalCodec, TermsCross) {
  expect_crossing<TermsUpdate>("terms", [](Draw& draw) {
    const auto number = [&] { return draw.number(); };
    TermsUpdate update;
    update.terms = make_terms(draw);
    update.total = draw.maybe(number);
    update.delta = draw.number();
    update.actor = draw.id<UserId>();
    update.reason = draw.text();
    return update;
  });
}

TEST(InternalCodec, StockHistoryCrosses) {
  expect_crossing<HistoryCall>("history call", [](Draw& draw) {
    const auto number = [&] { return draw.number(); };
    return HistoryCall{draw.id<ProductId>(), draw.maybe(number), draw.below(limits::service_list + 1)};
  });
  expect_crossing<HistoryAnswer>("history answer", [](Draw& draw) {
    const auto change = [&] {
      return StockChange{draw.number(), draw.time(),       draw.number(),
                         draw.number(), draw.id<UserId>(), draw.text()};
    };
    return HistoryAnswer{draw.list(change)};
  });
}

TEST(InternalCodec, StockCrosses) {
  const auto level = [](Draw& draw) {
    return StockLevel{draw.id<ProductId>(), draw.number(), draw.number(), draw.number(), draw.number()};
  };
  expect_crossing<StockCall>("stock call", [](Draw& draw) { return StockCall{draw.id<ProductId>()}; });
  expect_crossing<StockLevel>("level", level);
  expect_crossing<StocksCall>(
      "stocks call", [](Draw& draw) { return StocksCall{draw.list([&] { return draw.id<ProductId>(); })}; });
  expect_crossing<StocksAnswer>(
      "stocks answer", [&](Draw& draw) { return StocksAnswer{draw.list([&] { return level(draw); })}; });
}

TEST(InternalCodec, PaymentsCross) {
  expect_crossing<CancelUnpaidCall>("cancel", [](Draw& draw) { return CancelUnpaidCall{draw.id<UserId>()}; });
  expect_crossing<EnterPaymentCall>("enter", [](Draw& draw) {
    return EnterPaymentCall{draw.id<OrderId>(), draw.caller(), draw.flag()};
  });
  expect_crossing<PaymentTicket>("ticket", [](Draw& draw) {
    return PaymentTicket{draw.id<OrderId>(), draw.id<UserId>(), draw.number(), draw.time()};
  });
  expect_crossing<SettlePaymentCall>("settle", [](Draw& draw) {
    const AttemptRef attempt{draw.id<AttemptId>(), draw.number()};
    return SettlePaymentCall{draw.id<OrderId>(), attempt, draw.flag()};
  });
  expect_crossing<SettlementAnswer>("settlement", [](Draw& draw) {
    return SettlementAnswer{draw.one_of(PaymentSettlement::paid, PaymentSettlement::too_late)};
  });
}

TEST(InternalCodec, OrdersCross) {
  expect_crossing<GetCall>("get", [](Draw& draw) { return GetCall{draw.id<OrderId>(), draw.caller()}; });
  expect_crossing<Order>("order", [](Draw& draw) {
    const auto time = [&] { return draw.time(); };
    const auto item = [&] {
      return OrderItem{draw.id<OrderItemId>(),
                       draw.id<ProductId>(),
                       draw.number(),
                       draw.number(),
                       draw.one_of(ItemStatus::ordered, ItemStatus::returned),
                       draw.flag()};
    };
    Order order;
    order.id = draw.id<OrderId>();
    order.user = draw.id<UserId>();
    order.placed_at = draw.time();
    order.amount = draw.number();
    order.status = draw.one_of(OrderStatus::pending, OrderStatus::expired);
    order.hold_expires_at = draw.time();
    order.paid_at = draw.maybe(time);
    order.items = draw.list(item);
    return order;
  });
}

TEST(InternalCodec, IsStrict) {
  const std::string good = encode(SettlePaymentCall{OrderId{7}, {AttemptId{8}, 2}, true});
  EXPECT_EQ(good, R"({"order":7,"attempt":8,"number":2,"succeeded":true})");
  ASSERT_TRUE(decode<SettlePaymentCall>(good));
  const auto refused = [](std::string_view json) {
    const auto read = decode<SettlePaymentCall>(json);
    return read ? std::string() : read.error().fields.empty() ? "?" : read.error().fields.front().field;
  };
  EXPECT_EQ(refused("{}"), "order");
  EXPECT_EQ(refused(R"({"order":7,"attempt":8,"number":2})"), "succeeded");
  EXPECT_EQ(refused(R"({"order":7,"attempt":8,"number":2,"succeeded":null})"), "succeeded");
  EXPECT_EQ(refused(R"({"order":7,"attempt":8,"number":2,"succeeded":1})"), "succeeded");
  EXPECT_EQ(refused(R"({"order":-7,"attempt":8,"number":2,"succeeded":true})"), "order");
  EXPECT_EQ(refused(R"({"order":7,"attempt":8,"number":2,"succeeded":true,"more":1})"), "more");
  EXPECT_EQ(refused("[]"), "?");
  EXPECT_FALSE(decode<SettlementAnswer>(R"({"settlement":3})"));
  EXPECT_FALSE(decode<GetCall>(R"({"order":1,"user":1,"role":2,"known":true,"trusted":false})"));
}

}  // namespace
}  // namespace buyme::order
