#include "chaos/shared_shop.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "audit/store_mysql.hpp"
#include "core/limits.hpp"
#include "order/api.hpp"
#include "support/free_port.hpp"
#include "support/testimony.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

// What became of all rounds of this process, printed at its end when they were asked for.
class Summary : public ::testing::Environment {
 public:
  struct Row {
    int rounds = 0, struck = 0;  // struck: in mid-sale
    std::int64_t oversold = 0, lost = 0;
    milliseconds back{0};  // the longest
  };
  std::map<std::string, Row> rows;

  void TearDown() override {
    if (rows.empty() || std::getenv("BUYME_CHAOS_ROUNDS") == nullptr) return;
    Row all;
    const auto print = [](const std::string& name, const Row& row) {
      std::cout << fmt::format("{:44} {:6} {:7} {:8} {:5} {:9} ms\n", name, row.rounds, row.struck,
                               row.oversold, row.lost, row.back.count());
    };
    std::cout << fmt::format("{:44} {:>6} {:>7} {:>8} {:>5} {:>12}\n", "fault", "rounds", "in sale",
                             "oversold", "lost", "back after");
    for (const auto& [name, row] : rows) {
      print(name, row);
      all.rounds += row.rounds;
      all.struck += row.struck;
      all.oversold += row.oversold;
      all.lost += row.lost;
      all.back = std::max(all.back, row.back);
    }
    print("all", all);
  }
};

Summary& summary() {
  static auto* made = dynamic_cast<Summary*>(::testing::AddGlobalTestEnvironment(new Summary));
  return *made;
}
[[maybe_unused]] const Summary& registered = summary();  // before the tests run

// Units that were promised beyond what there is, counted from the items.
std::int64_t oversold(const audit::Books& books) {
  std::map<ProductId, Units> live;
  for (const auto& item : books.items) {
    const auto status = static_cast<order::ItemStatus>(item.status);
    const bool gone = status == order::ItemStatus::canceled || status == order::ItemStatus::returned;
    if (!gone) live[item.product] += item.quantity;
  }
  std::int64_t beyond = 0;
  for (const auto& ledger : books.ledgers) beyond += std::max<Units>(0, live[ledger.product] - ledger.total);
  return beyond;
}

// Orders that somebody was told of and that are not there.
std::int64_t lost(const audit::Books& books, const drop::Observed& clients) {
  std::set<std::int64_t> kept;
  for (const auto& order : books.orders) kept.insert(order.order.value);
  std::int64_t missing = 0;
  for (const auto& attempt : clients.attempts) {
    for (const auto& order : attempt.orders) missing += !kept.contains(order.order_id);
  }
  return missing;
}

}  // namespace

// BUYME_CHAOS_ROUNDS counts those of all faults that are asked for.
int SharedShop::rounds_of_each_fault() {
  const int faults = ::testing::UnitTest::GetInstance()->test_to_run_count();
  return std::max(1, (chaos_rounds(1) + faults - 1) / faults);
}

db::MysqlSettings SharedShop::database_server() const {
  db::MysqlSettings server;
  server.host = database->host();
  server.port = database->port();
  server.user = database->user();
  server.password = database->password();
  return server;
}

void SharedShop::open() {
  shops = {};
  wares_.clear();
  if (!random_) random_ = std::make_unique<Random>(chaos_seed(), "shared shop");
  if (!database) database = std::make_unique<MariadbServer>();
  const bool has_redis = std::ranges::any_of(
      settings, [](const std::string& entry) { return entry.starts_with("BUYME_REDIS_SERVERS="); });
  if (!has_redis) {
    if (!redis) redis = std::make_unique<RedisServer>();
    settings.push_back(fmt::format("BUYME_REDIS_SERVERS=127.0.0.1:{}", redis->port()));
  }
  make_databases();
  if (apart) {
    start_apart();
  } else {
    start_together();
  }
  const ShopProcess& knows_users = apart ? *users : *shops[0];
  accounts = make_accounts(knows_users.directory(), static_cast<int>(servers) * buyers);
  probed_ = put_up_for_sale(1'000'000, 0);
}

void SharedShop::make_databases() {
  prefix_ = MariadbServer::new_database_name();
  db::Mysql connection(database_server());
  for (const auto* service : {"user", "product", "order", "payment", "provider"}) {
    connection.query(fmt::format("CREATE DATABASE `{}_{}`", prefix_, service));
  }
}

std::unique_ptr<ShopProcess> SharedShop::make_server(const std::string& name, Arguments more,
                                                     std::uint16_t database_port,
                                                     const std::vector<std::string>& own) {
  Arguments arguments{
      "--set", "payment.latency_ms=5", "--set", "payment.timeout_ms=1000", "--payment-success-rate", "0.8"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto server = std::make_unique<ShopProcess>(place_.path() / name, std::move(arguments));
  for (const std::string& entry :
       {"BUYME_DATABASE_HOST=" + database->host(), fmt::format("BUYME_DATABASE_PORT={}", database_port),
        "BUYME_DATABASE_USER=" + database->user(), "BUYME_DATABASE_PASSWORD=" + database->password(),
        "BUYME_DATABASE_PREFIX=" + prefix_,
        std::string("BUYME_USER_TOKEN_KEY=a key that only these tests sign with")}) {
    server->set_environment(entry);
  }
  for (const std::string& entry : settings) server->set_environment(entry);
  for (const std::string& entry : own) server->set_environment(entry);
  return server;
}

void SharedShop::start_together() {
  for (std::size_t i = 0; i < servers; ++i) {
    const std::uint16_t port = database_ports[i] != 0 ? database_ports[i] : database->port();
    shops[i] = make_server(fmt::format("server{}", i), {}, port, environment[i]);
    start(i);
  }
}

void SharedShop::start_apart() {
  const auto address = [](std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); };
  const std::uint16_t user = free_port(), product = free_port(), payment = free_port();
  const std::array<std::uint16_t, servers> order{free_port(), free_port()};
  const std::string orders = address(order[0]) + "," + address(order[1]);
  settings.insert(settings.end(),
                  {"BUYME_SERVICES_PRODUCT=" + address(product), "BUYME_SERVICES_ORDER=" + orders,
                   "BUYME_SERVICES_PAYMENT=" + address(payment),
                   "BUYME_SERVICES_CREDENTIAL=shown-by-these-tests-to-one-another"});
  const auto make = [&](const std::string& name, std::string role, std::uint16_t port) {
    Arguments more{"--role", std::move(role), "--set", fmt::format("server.port={}", port)};
    return make_server(name, std::move(more), database->port(), {});
  };
  for (std::size_t i = 0; i < servers; ++i) shops[i] = make(fmt::format("order{}", i), "order", order[i]);
  payments = make("payment", "payment", payment);
  products = make("product", "product", product);
  users = make("user", "user", user);
  for (const auto* server : {&shops[0], &shops[1], &payments, &products, &users}) (*server)->start();
  gateway =
      std::make_unique<Gateway>(Gateway::Servers{address(user), address(product), orders, address(payment)});
  for (auto& port : ports) port = gateway->port();
}

void SharedShop::start(std::size_t server) {
  shops[server]->start();
  if (!apart) ports[server] = shops[server]->port();
}

std::int64_t SharedShop::put_up_for_sale(std::int64_t units, std::int64_t limit) {
  HttpClient client = admin(0);
  const std::int64_t product =
      make_product(client, units, limit > 0 ? fmt::format(R"(,"perUserLimit":{})", limit) : std::string());
  wares_.push_back({put_up(product, units, limit), {}});
  return product;
}

bool SharedShop::says_of_itself(std::size_t server, int readiness) {
  HttpClient client(ports[server]);
  for (int tries = 0; tries < 300; ++tries) {
    if (client.get("/readyz").status == readiness) return true;
    std::this_thread::sleep_for(milliseconds{10});
  }
  return false;
}

SharedShop::Wares& SharedShop::wares_of(std::int64_t product) {
  return *std::ranges::find(wares_, product, [](const Wares& wares) { return wares.product.product_id; });
}

void SharedShop::remember(std::int64_t product, const std::vector<Purchase>& purchases) {
  auto& known = wares_of(product).purchases;
  known.insert(known.end(), purchases.begin(), purchases.end());
}

int SharedShop::placed() const {
  int sum = 0;
  for (const auto& crowd : crowds_) sum += crowd->placements();
  return sum;
}

bool SharedShop::sale_is_over() const {
  return std::ranges::all_of(crowds_, [](const auto& crowd) { return crowd->is_over(); });
}

void SharedShop::await_placed(int count) const {
  while (placed() < count && !sale_is_over()) std::this_thread::sleep_for(std::chrono::microseconds{200});
}

void SharedShop::sell_while(const std::string& name, const Fault& fault) {
  open();
  for (int left = rounds_of_each_fault(); left > 0 && !HasFailure(); --left) sell(fault, name);
}

void SharedShop::sell(const Fault& fault, const std::string& name) {
  SCOPED_TRACE(fmt::format("round {} of \"{}\"", ++rounds_, name));
  const std::int64_t product = put_up_for_sale(stock, 1);
  for (std::size_t i = 0; i < servers; ++i) {
    const auto first = accounts.buyers.begin() + static_cast<std::ptrdiff_t>(i) * buyers;
    const std::vector<Account> mine(first, first + buyers);
    crowds_[i] = std::make_unique<Crowd>(
        make_purchases(mine, product, fmt::format("round{}-server{}", rounds_, i), *random_));
    crowds_[i]->start(ports[i], threads);
  }
  await_placed(static_cast<int>(random_->below(stock / 2)) + 1);
  const bool struck = !sale_is_over();
  EXPECT_TRUE(struck) << "the sale was over before anything happened";
  fault(*random_);
  const milliseconds back = until_served();
  count_round(name, struck, back);
  EXPECT_LT(back, back_within) << "until the first order was taken again";
  for (auto& crowd : crowds_) {
    crowd->wait();
    EXPECT_EQ(crowd->complaints(), std::vector<std::string>{});
    remember(product, crowd->purchases());
  }
  std::this_thread::sleep_for(2 * limits::ledger_refresh);  // what one sold, the other's board shows by then
  expect_told(product);
  expect_sound_books(name);
}

milliseconds SharedShop::until_served() {
  const auto begun = Wall::now();
  ++probes_;
  std::array<std::unique_ptr<Crowd>, servers> probes;
  for (std::size_t i = 0; i < servers; ++i) {
    Purchase probe =
        make_purchase(accounts.buyers[i * buyers], fmt::format("probe{}-{}", probes_, i), probed_);
    probe.plan = Purchase::Plan::walk_away;
    probes[i] = std::make_unique<Crowd>(std::vector<Purchase>{probe});
    probes[i]->start(ports[i], 1);
  }
  for (const auto& probe : probes) {
    probe->wait();
    EXPECT_EQ(probe->complaints(), std::vector<std::string>{});
    remember(probed_, probe->purchases());
  }
  return std::chrono::ceil<milliseconds>(Wall::now() - begun);
}

void SharedShop::count_round(const std::string& name, bool struck, milliseconds back) {
  auto& row = summary().rows[name];
  ++row.rounds;
  row.struck += struck ? 1 : 0;
  row.back = std::max(row.back, back);
}

void SharedShop::expect_told(std::int64_t product) {
  const Wares& wares = wares_of(product);
  for (std::size_t i = 0; i < servers; ++i) {
    HttpClient client = admin(i);
    expect_as_told(client, wares.product, wares.purchases);
    const HttpReply audit = client.get("/api/admin/audit");
    EXPECT_NE(audit.body.find(R"("passed":true)"), std::string::npos) << audit.body;
  }
}

void SharedShop::expect_sound_books(const std::string& name) {
  const audit::Books books = audit::read_books(database_server(), prefix_, make_system_clock()->now());
  drop::Observed clients;
  std::vector<drop::ProductView> products;
  for (const auto& wares : wares_) {
    products.push_back(wares.product);
    for (const auto& purchase : wares.purchases) {
      if (purchase.begun) clients.attempts.push_back(purchase.attempt);
    }
  }
  for (const auto& broken : broken_promises(clients, view_of(books, products), books)) {
    ADD_FAILURE() << broken;
  }
  auto& row = summary().rows[name];
  row.oversold = std::max(row.oversold, oversold(books));
  row.lost = std::max(row.lost, lost(books, clients));
}

}  // namespace buyme::test
