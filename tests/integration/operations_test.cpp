// The shop as its operator meets it: start-up refused or granted, commands beside a running shop, the stop.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/json/array.hpp>
#include <fstream>
#include <thread>

#include "db/sqlite.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Operations = ShopTest;

TEST_F(Operations, ADirectoryInUseIsRefusedByName) {
  open_shop();
  const CommandResult second = run_buyme({"serve", "--port", "0", "--data-dir", directory().string()});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.errors.find(directory().string()), std::string::npos) << second.errors;
  EXPECT_NE(second.errors.find(fmt::format("in use by process {}", shop->process())), std::string::npos)
      << second.errors;
  EXPECT_EQ(second.output, "");
  EXPECT_EQ(nobody->get("/api/products").status, 200);
}

TEST_F(Operations, AKilledShopLeavesTheDirectoryFree) {
  open_shop();
  shop->kill();
  shop->start();
  connect();
  EXPECT_EQ(nobody->get("/api/products").status, 200);
}

TEST_F(Operations, APortInUseIsRefused) {
  open_shop();
  const TempDir elsewhere;
  const CommandResult second =
      run_buyme({"serve", "--port", std::to_string(shop->port()), "--data-dir", elsewhere.file("data")});
  EXPECT_NE(second.status, 0);
  EXPECT_NE(second.errors.find(std::to_string(shop->port())), std::string::npos) << second.errors;
}

struct BadConfig {
  std::string text;
  std::string line;    // of the offence, as ":N:"
  std::string reason;  // a word of the message
};

TEST_F(Operations, ABadConfigurationNamesFileLineAndReason) {
  const BadConfig bad_configs[] = {
      {"[order]\nhold_seconds = 0\n", ":2:", "hold_seconds"},
      {"[order]\n\nhold_seconds = \"ten\"\n", ":3:", "hold_seconds"},
      {"[payment]\nsuccess_rate = 1.5\n", ":2:", "success_rate"},
      {"auth = \"none\"\n", ":1:", "required, trusted"},
      {"[order]\nholdseconds = 5\n", ":2:", "no such setting"},
      {"[order\nhold_seconds = 5\n", ":1:", ""},
  };
  const std::string file = place.file("buyme.toml");
  for (const auto& bad : bad_configs) {
    std::ofstream(file) << bad.text;
    const CommandResult refused = run_buyme({"serve", "--port", "0", "--config", file});
    EXPECT_NE(refused.status, 0) << bad.text;
    EXPECT_NE(refused.errors.find(file + bad.line), std::string::npos) << bad.text << refused.errors;
    EXPECT_NE(refused.errors.find(bad.reason), std::string::npos) << bad.text << refused.errors;
    EXPECT_EQ(refused.output, "");
  }
}

TEST_F(Operations, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const std::string file = place.file("buyme.toml");
  std::ofstream(file) << "[payment]\nsuccess_rate = 0\n[order]\nhold_seconds = 1000\n";
  accounts = make_accounts(directory(), 3);
  shop.emplace(directory(), Arguments{"--config", file, "--payment-success-rate", "1"});
  shop->set_environment("BUYME_PAYMENT_SUCCESS_RATE=0.5");
  shop->set_environment("BUYME_ORDER_HOLD_SECONDS=1");
  shop->start();
  connect();
  const std::int64_t product = make_product(*admin, 20);
  for (int i = 0; i < 10; ++i) {
    const std::int64_t order = place_order(product).integer("orderId");
    EXPECT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  }
  const std::int64_t order = place_order(product).integer("orderId");
  std::this_thread::sleep_for(std::chrono::milliseconds{1'100});
  EXPECT_EQ(buyer->post(order_path(order, "enter-payment")).text("state"), "EXPIRED");
}

// Placements in flight from many connections while SIGTERM comes. A request that reaches a connection which
// the shop is just closing has no answer, as ever with keep-alive; then it must not have been taken up
// either.
TEST_F(Operations, AGracefulStopAnswersWhatIsInFlight) {
  open_shop();
  const std::int64_t product = make_product(*admin, 100'000);
  struct Client {
    std::vector<HttpReply> answers;
    std::string unanswered;  // the key of the request that was cut
  };
  std::array<Client, 8> clients;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    threads.emplace_back([&, i] {
      HttpClient client = shop->client(accounts.buyers[0].token);
      for (int n = 0;; ++n) {
        const std::string key = fmt::format("stop-{}-{}", i, n);
        try {
          const HttpReply reply = client.post("/api/orders", order_body(product), {{"Idempotency-Key", key}});
          clients[i].answers.push_back(reply);
          ++answered;
          if (reply.status != 201 || reply.header("connection") == "close") return;
        } catch (const NoAnswer&) {
          clients[i].unanswered = key;
          return;
        }
      }
    });
  }
  while (answered < 200) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  const auto began = std::chrono::steady_clock::now();
  shop->signal(SIGTERM);
  EXPECT_EQ(shop->wait(), 0) << shop->errors();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{12});
  for (auto& thread : threads) thread.join();

  shop->start();
  connect();
  std::int64_t placed = 0;
  for (const auto& [answers, unanswered] : clients) {
    for (const auto& reply : answers) {
      ASSERT_TRUE(reply.status == 201 || reply.status == 503) << reply.body;
      if (reply.status != 201) continue;
      ++placed;
      EXPECT_EQ(buyer->get(order_path(reply.integer("orderId"))).body, reply.body);
    }
    if (unanswered.empty()) continue;
    const HttpReply repeat = place_order(product, 1, unanswered);
    ASSERT_EQ(repeat.status, 201) << repeat.body;
    EXPECT_EQ(repeat.header("idempotent-replayed"), "") << "was placed without an answer";
    ++placed;
  }
  expect_stock(product, 100'000 - placed, placed, 0);
}

TEST_F(Operations, APaymentInFlightIsAnsweredBeforeTheStop) {
  open_shop({"payment.latency_ms=700", "payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 1);
  const std::int64_t order = place_order(product).integer("orderId");
  std::thread paying([&] {
    HttpClient client = shop->client(accounts.buyers[0].token);
    EXPECT_EQ(client.post(order_path(order, "attempt-payment")).status, 200);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_EQ(shop->stop(), 0);
  paying.join();
  shop->start();
  connect();
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "PAID");
}

TEST_F(Operations, ASlowSenderDoesNotHoldUpTheStop) {
  open_shop();
  HttpClient slow = shop->client();
  slow.send("POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Le");
  HttpClient idle = shop->client();
  idle.get("/api/products");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(shop->stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{12});
}

TEST_F(Operations, AnAdminIsMadeOnAStoppedAndOnARunningShop) {
  const auto create = [&](const std::string& email, std::string_view password) {
    return run_buyme(
        {"admin", "create", "--data-dir", directory().string(), "--email", email, "--password-stdin"},
        password);
  };
  EXPECT_EQ(create("first@example.com", "correct horse\n").status, 0);
  shop.emplace(directory());
  shop->start();
  nobody.emplace(shop->client());
  EXPECT_EQ(create("second@example.com", "battery staple\n").status, 0);
  for (const auto& [email, password] :
       {std::pair{"first@example.com", "correct horse"}, std::pair{"second@example.com", "battery staple"}}) {
    const HttpReply login = nobody->post(
        "/api/auth/login", fmt::format(R"({{"userEmail":"{}","userPassword":"{}"}})", email, password));
    ASSERT_EQ(login.status, 200) << login.body;
    HttpClient client = shop->client(login.text("accessToken"));
    EXPECT_GT(make_product(client, 1), 0);
  }
  const CommandResult again = create("second@example.com", "battery staple\n");
  EXPECT_NE(again.status, 0);
  EXPECT_FALSE(again.errors.empty());
  const CommandResult weak = create("third@example.com", "short\n");
  EXPECT_NE(weak.status, 0);
  EXPECT_EQ(weak.output.find("short"), std::string::npos);
}

TEST_F(Operations, TokensAreMadeWhileTheShopRuns) {
  open_shop();
  const Accounts more = make_accounts(directory(), 20);
  ASSERT_EQ(more.buyers.size(), 20u);
  const std::int64_t product = make_product(*admin, 20, R"(,"perUserLimit":1)");
  for (const auto& account : more.buyers) {
    HttpClient client = shop->client(account.token);
    const HttpReply placed = client.post("/api/orders", order_body(product));
    ASSERT_EQ(placed.status, 201) << placed.body;
    EXPECT_EQ(placed.integer("userId"), account.user);
  }
  HttpClient second_admin = shop->client(more.admin_token);
  EXPECT_GT(make_product(second_admin, 1), 0);
}

TEST_F(Operations, ABackupUnderLoadIsWholeAndServes) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 100'000);
  std::atomic<bool> stop = false;
  std::atomic<int> placed = 0, failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      HttpClient client = shop->client(accounts.buyers[static_cast<std::size_t>(i % 3)].token);
      while (!stop) {
        const HttpReply reply = client.post("/api/orders", order_body(product));
        if (reply.status != 201) {
          ++failed;
          continue;
        }
        ++placed;
        client.post(order_path(reply.integer("orderId"), "attempt-payment"));
      }
    });
  }
  while (placed < 100) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  const int before = placed;
  const std::filesystem::path copy = place.path() / "copy";
  const CommandResult backup =
      run_buyme({"backup", "--json", "--data-dir", directory().string(), "--to", copy.string()});
  const AuditResult live = audit_shop(directory());
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(backup.status, 0) << backup.output << backup.errors;
  EXPECT_EQ(live.status, 0) << live.text;
  EXPECT_EQ(failed, 0);

  const AuditResult audit = audit_shop(copy);
  EXPECT_EQ(audit.status, 0) << audit.text;
  EXPECT_GE(audit.report.at("orders").as_int64(), before);
  ShopProcess restored(copy);
  restored.start();
  HttpClient client = restored.client(accounts.buyers[0].token);
  EXPECT_EQ(client.post("/api/orders", order_body(product)).status, 201);  // the tokens are good there, too
}

TEST_F(Operations, AnAuditThatFindsAFaultSaysSoByItsStatus) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  place_order(product, 2);
  ASSERT_EQ(audit_shop(directory()).status, 0);
  ASSERT_EQ(shop->stop(), 0);
  {
    db::Sqlite database((directory() / "order.sqlite").string(), db::Access::read_write);
    database.execute("UPDATE stock_ledger SET committed = 1");
  }
  const AuditResult audit = audit_shop(directory());
  EXPECT_NE(audit.status, 0);
  EXPECT_FALSE(audit.report.at("passed").as_bool());
  {
    db::Sqlite database((directory() / "order.sqlite").string(), db::Access::read_write);
    database.execute("UPDATE stock_ledger SET committed = 2");
  }
  EXPECT_NE(run_buyme({"audit", "--data-dir", place.file("nowhere")}).status, 0);
}

}  // namespace

}  // namespace buyme::test
