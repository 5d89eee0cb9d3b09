// The services apart: payment, product and user services here, which ask an order server over HTTP, and that
// asks a payment server back. Real servers, real services, real files; what differs from one process is the
// road between them.
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <future>

#include "db/sqlite.hpp"
#include "http/server.hpp"
#include "order/internal_endpoints.hpp"
#include "order/remote.hpp"
#include "order/service.hpp"
#include "order/store_sqlite.hpp"
#include "payment/internal_endpoints.hpp"
#include "payment/remote.hpp"
#include "payment/service.hpp"
#include "product/internal_endpoints.hpp"
#include "product/remote.hpp"
#include "product/service.hpp"
#include "support/temp_dir.hpp"
#include "user/ending.hpp"
#include "user/service.hpp"

namespace buyme::test {

namespace {

using namespace std::chrono_literals;

const std::string credential = "0123456789abcdef0123";

class NoTokens final : public http::Authenticator {
 public:
  std::optional<Verified> verify(std::string_view) const override { return std::nullopt; }
};

http::ServerSettings server_settings() {
  http::ServerSettings settings;
  settings.port = 0;
  settings.service_credential = credential;
  return settings;
}

http::ClientSettings client_settings(std::string name, const http::Server& server) {
  http::ClientSettings settings;
  settings.name = std::move(name);
  settings.addresses = {"127.0.0.1:" + std::to_string(server.port())};
  settings.credential = credential;
  return settings;
}

// The servers' handlers and the order writer run on one I/O thread, the test's services on this one.
class ServicesApart : public ::testing::Test {
 protected:
  ServicesApart() {
    order_router.mount<order::OrderApi>(orders, order::internal_endpoints());
    order_server.start();
    orders_client.emplace(client_settings("order", order_server), std::vector<Executor>{here(), there()},
                          *clock, log);
    remote_orders = order::make_remote_orders(*orders_client);
    payments.emplace(payment::PaymentSettings{}, *payment_store, *provider, *remote_orders, *clock, log);
    payment_router.mount<payment::PaymentApi>(*payments, payment::internal_endpoints());
    payment_server.start();
    payments_client.emplace(client_settings("payment", payment_server), std::vector<Executor>{there()},
                            *clock, log);
    remote_payments = payment::make_remote_payments(*payments_client);
    products.emplace(*product_store, *remote_orders, database, database, *clock, log);
    product_router.mount<product::ProductApi>(*products, product::internal_endpoints());
    product_server.start();
    products_client.emplace(client_settings("product", product_server), std::vector<Executor>{here()}, *clock,
                            log);
    remote_products = product::make_remote_products(*products_client);
    io.start();
    there_run(writer.start());
    auto ended = std::make_shared<std::promise<void>>();
    rounds_ended = ended->get_future();
    asio::co_spawn(there(), writer.run(), [ended](std::exception_ptr) { ended->set_value(); });
    ending.emplace(*user_store, *denylist, *remote_orders, *remote_products, database, *clock, log);
  }

  ~ServicesApart() override {
    order_server.stop(2s);
    payment_server.stop(2s);
    product_server.stop(2s);
    writer.stop();
    rounds_ended.wait_for(5s);
    io.stop();
    database.stop();
    hashing.stop();
  }

  Executor here() { return context.get_executor(); }
  Executor there() { return io.context(0).get_executor(); }

  template <class T>
  static Awaitable<void> keep(Awaitable<T> call, std::optional<T>& value) {
    value.emplace(co_await std::move(call));
  }
  // On this thread, as a service that asks the order server does.
  template <class T>
  T run(Awaitable<T> call) {
    std::optional<T> value;
    std::exception_ptr error;
    asio::co_spawn(context, keep(std::move(call), value), [&](std::exception_ptr thrown) { error = thrown; });
    context.restart();
    while (!value && !error && context.run_one_for(20s) > 0) {
    }
    if (error) std::rethrow_exception(error);
    return std::move(value.value());
  }
  void run(Awaitable<void> call) {
    const auto wrap = [](Awaitable<void> inner) -> Awaitable<bool> {
      co_await std::move(inner);
      co_return true;
    };
    run(wrap(std::move(call)));
  }
  // In the order server itself.
  template <class T>
  T there_run(Awaitable<T> call) {
    std::optional<T> value;
    std::promise<void> done;
    asio::co_spawn(there(), keep(std::move(call), value), [&](std::exception_ptr thrown) {
      thrown ? done.set_exception(thrown) : done.set_value();
    });
    done.get_future().get();
    return std::move(value.value());
  }
  void there_run(Awaitable<void> call) {
    std::promise<void> done;
    asio::co_spawn(there(), std::move(call), [&](std::exception_ptr thrown) {
      thrown ? done.set_exception(thrown) : done.set_value();
    });
    done.get_future().get();
  }

  static Caller buyer(std::int64_t user) { return {UserId{user}, Role::user, true, false}; }

  void sell(std::int64_t product, Units total) {
    order::TermsUpdate update;
    update.terms.product = ProductId{product};
    update.terms.version = 1;
    update.terms.price = 1'000;
    update.total = total;
    update.reason = "a test";
    const auto put = run(remote_orders->put_terms(update));
    ASSERT_TRUE(put) << put.error().detail;
  }
  OrderId place(std::int64_t user, std::int64_t product) {
    order::PlaceRequest request{UserId{user}, {{ProductId{product}, 1}}, {}};
    const auto placed = there_run(orders.place(std::move(request)));
    EXPECT_TRUE(placed) << placed.error().detail;
    return placed ? placed->order.id : OrderId{};
  }
  order::OrderStatus status(OrderId order) {
    const auto found = run(remote_orders->get(order, Caller::the_shop()));
    EXPECT_TRUE(found) << found.error().detail;
    return found ? found->status : order::OrderStatus::expired;
  }
  std::int64_t count(std::string_view file, std::string_view sql) const {
    return db::Sqlite(dir.file(file), db::Access::read_only).query_integer(sql);
  }

  TempDir dir;
  Log log = make_null_log();
  std::unique_ptr<Clock> clock = make_system_clock();
  http::IoThreads io{1};
  ExecutionContext context{1};
  Pool database{"database", 1, 64}, hashing{"hash", 1, 16};
  NoTokens tokens;

  order::StockBoard board;
  std::unique_ptr<order::OrderStore> order_store =
      order::make_sqlite_order_store(dir.file("order.sqlite"), log);
  std::unique_ptr<order::OrderReads> order_reads =
      order::make_sqlite_order_reads(dir.file("order.sqlite"), database);
  std::unique_ptr<stock::StockGate> gate = stock::make_local_gate();
  order::OrderWriter writer{{}, *order_store, *order_reads, *gate, board, *clock, there(), {there()}, log};
  order::OrderService orders{writer, *order_store, *order_reads, board, *clock, log};
  http::Router order_router, payment_router, product_router;
  http::Server order_server{server_settings(), order_router, tokens, *clock, io, log};
  http::Server payment_server{server_settings(), payment_router, tokens, *clock, io, log};
  http::Server product_server{server_settings(), product_router, tokens, *clock, io, log};
  std::optional<http::HttpClient> orders_client, payments_client, products_client;
  std::unique_ptr<order::OrderApi> remote_orders;
  std::unique_ptr<payment::PaymentApi> remote_payments;
  std::unique_ptr<product::ProductApi> remote_products;

  std::unique_ptr<payment::PaymentStore> payment_store =
      payment::make_sql_payment_store(dir.file("payment.sqlite"), log);
  std::unique_ptr<payment::PaymentProvider> provider =
      payment::make_simulated_provider({.path = dir.file("provider.sqlite"), .success_rate = 1}, *clock, log);
  std::optional<payment::PaymentService> payments;
  std::unique_ptr<product::ProductStore> product_store =
      product::make_sql_product_store(dir.file("product.sqlite"), 1, log);
  std::optional<product::ProductService> products;
  TokenKey key{"0123456789abcdef0123456789abcdef"};
  std::unique_ptr<user::UserStore> user_store = user::open_user_store(dir.file("user.sqlite"), 1);
  std::unique_ptr<user::Denylist> denylist = user::make_local_denylist(*clock);
  user::UserService users{{.password_cost = {.memory_kib = 8, .passes = 1}},
                          *user_store,
                          *denylist,
                          hashing,
                          database,
                          database,
                          key,
                          *clock,
                          log};
  std::optional<user::AccountEnding> ending;
  std::future<void> rounds_ended;
};

TEST_F(ServicesApart, AnOrderIsPaid) {
  sell(1, 3);
  const OrderId order = place(7, 1);
  EXPECT_EQ(run(payments->attempt_payment(order, buyer(8))).error().error, Error::not_found);
  const auto receipt = run(payments->attempt_payment(order, buyer(7)));
  ASSERT_TRUE(receipt) << receipt.error().detail;
  EXPECT_EQ(receipt->amount, 1'000);
  EXPECT_EQ(status(order), order::OrderStatus::paid);
  const auto level = run(remote_orders->stock(ProductId{1}));
  ASSERT_TRUE(level);
  EXPECT_EQ(level->sold, 1);
  EXPECT_EQ(level->held, 0);

  const auto again = run(payments->attempt_payment(order, buyer(7)));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().error, Error::illegal_state);
  const std::pair<std::string, Failure::Member> state{"state", std::string("PAID")};
  EXPECT_TRUE(std::ranges::count(again.error().members, state) == 1) << again.error().detail;
  EXPECT_EQ(count("provider.sqlite", "SELECT COUNT(*) FROM charges"), 1);
}

TEST_F(ServicesApart, WhatTheOrderServiceSaysCrossesUnchanged) {
  sell(1, 3);
  const OrderId order = place(7, 1);
  const auto near = there_run(orders.get(order, buyer(7)));
  const auto far = run(remote_orders->get(order, buyer(7)));
  ASSERT_TRUE(near && far);
  EXPECT_EQ(far->placed_at, near->placed_at);
  EXPECT_EQ(far->hold_expires_at, near->hold_expires_at);
  EXPECT_EQ(far->items.at(0).id, near->items.at(0).id);
  EXPECT_EQ(run(remote_orders->get(order, buyer(8))).error().error, Error::not_found);
  EXPECT_EQ(run(remote_orders->stock(ProductId{99})).error().error, Error::not_found);

  order::TermsUpdate less;
  less.terms = {ProductId{1}, 2, order::SaleState::active, 1'000, {}, {}, {}};
  less.total = 0;
  const auto refused = run(remote_orders->put_terms(less));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::illegal_state);
  const std::pair<std::string, Failure::Member> committed{"committed", std::int64_t{1}};
  EXPECT_EQ(std::ranges::count(refused.error().members, committed), 1);

  const order::AttemptRef attempt{AttemptId{5}, 1};
  ASSERT_TRUE(run(remote_orders->enter_payment(order, buyer(7), true)));
  ASSERT_TRUE(run(remote_orders->enter_payment(order, buyer(7), true)));
  EXPECT_EQ(*run(remote_orders->settle_payment(order, attempt, true)), order::PaymentSettlement::paid);
  EXPECT_EQ(*run(remote_orders->settle_payment(order, attempt, true)), order::PaymentSettlement::paid);
  const order::AttemptRef other{AttemptId{6}, 2};
  EXPECT_EQ(*run(remote_orders->settle_payment(order, other, true)), order::PaymentSettlement::too_late);
}

TEST_F(ServicesApart, ARefundIsHandedOverAndPaidBack) {
  sell(1, 1);
  const OrderId order = place(7, 1);
  ASSERT_TRUE(run(payments->attempt_payment(order, buyer(7))));
  ASSERT_TRUE(there_run(orders.cancel(order, buyer(7))));
  asio::co_spawn(there(), orders.run_refund_delivery(*remote_payments), asio::detached);
  std::int64_t refunded = 0;
  for (int looks = 0; looks < 200 && refunded == 0; ++looks) {
    run(payments->sweep(payment::Sweep::all));
    run(clock->sleep_for(20ms));
    refunded = count("provider.sqlite", "SELECT COUNT(*) FROM refunds");
  }
  EXPECT_EQ(refunded, 1);
  EXPECT_EQ(run(remote_orders->stock(ProductId{1}))->available(), 1);
}

TEST_F(ServicesApart, ProductsAreEditedThroughTheTermsOfTheirSale) {
  product::RegisterRequest wanted;
  wanted.details.name = "감귤";
  wanted.details.price = 1'000;
  wanted.total = 2;
  wanted.created_by = UserId{1};
  const auto made = run(products->register_product(std::move(wanted)));
  ASSERT_TRUE(made) << made.error().detail;
  const ProductId product = made->view.product.id;
  EXPECT_EQ(made->view.stock.total, 2);

  product::EditRequest dearer;
  dearer.product = product;
  dearer.edit.price = 1'500;
  dearer.edit.stock.total = 5;
  dearer.actor = UserId{1};
  const auto edited = run(products->edit(dearer));
  ASSERT_TRUE(edited) << edited.error().detail;
  EXPECT_EQ(edited->stock.total, 5);

  const OrderId order = place(7, product.value);
  EXPECT_EQ(run(remote_orders->get(order, buyer(7)))->amount, 1'500);
  product::EditRequest fewer;
  fewer.product = product;
  fewer.edit.stock.total = 0;
  fewer.actor = UserId{1};
  EXPECT_EQ(run(products->edit(fewer)).error().error, Error::illegal_state);
  const auto history = run(products->history(product, std::nullopt, 10));
  ASSERT_TRUE(history);
  EXPECT_EQ(history->items.size(), 2U);
}

TEST_F(ServicesApart, TheStockOfTwoHundredProductsIsOneCall) {
  std::vector<ProductId> ids;
  for (std::int64_t product = 1; product <= 200; ++product) {
    sell(product, product);
    ids.push_back(ProductId{product});
  }
  ids.push_back(ProductId{999});  // is skipped
  const auto levels = run(remote_orders->stock(ids));
  ASSERT_TRUE(levels) << levels.error().detail;
  ASSERT_EQ(levels->size(), 200U);
  for (const order::StockLevel& level : *levels) EXPECT_EQ(level.total, level.product.value);
}

TEST_F(ServicesApart, AnAccountThatEndsLeavesNothingUnpaid) {
  sell(1, 5);
  user::SignUp kim{"김철수", "kim@example.com", "correct horse", "010-1234-5678", "서울시 중구 1"};
  const auto account = run(users.sign_up(std::move(kim)));
  ASSERT_TRUE(account) << account.error().detail;
  const OrderId unpaid = place(account->id.value, 1);
  const OrderId paid = place(account->id.value, 1);
  const OrderId foreign = place(account->id.value + 1, 1);
  ASSERT_TRUE(run(payments->attempt_payment(paid, buyer(account->id.value))));
  ASSERT_TRUE(run(ending->end(account->id)));
  EXPECT_EQ(status(unpaid), order::OrderStatus::canceled);
  EXPECT_EQ(status(paid), order::OrderStatus::paid);
  EXPECT_EQ(status(foreign), order::OrderStatus::pending);
  EXPECT_EQ(run(remote_orders->stock(ProductId{1}))->available(), 3);
}

TEST_F(ServicesApart, WithoutAnOrderServerNothingIsCharged) {
  sell(1, 1);
  const OrderId order = place(7, 1);
  order_server.stop(2s);
  // stop() may return a moment before the last socket is closed. Who writes to it then cannot know what
  // became of the call, and says so; here it is to be certain.
  there_run(clock->sleep_for(0ms));
  const auto receipt = run(payments->attempt_payment(order, buyer(7)));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().error, Error::store_unavailable);
  EXPECT_EQ(run(products->stock(ProductId{1})).error().error, Error::store_unavailable);
  EXPECT_EQ(count("provider.sqlite", "SELECT COUNT(*) FROM charges"), 0);
}

}  // namespace

}  // namespace buyme::test
