// What whoever runs the shop asks it, and what it tells listeners.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>

#include "db/sqlite.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Operator = ShopTest;

double value_of(const std::string& metrics, const std::string& sample) {
  const std::size_t at = metrics.find("\n" + sample + " ");
  if (at == std::string::npos) return -1;
  return std::stod(metrics.substr(at + sample.size() + 2));
}

TEST_F(Operator, TheShopSaysThatItLivesAndServes) {
  open_shop();
  EXPECT_EQ(nobody->get("/healthz").status, 200);
  const HttpReply ready = nobody->get("/readyz");
  EXPECT_EQ(ready.status, 200) << ready.body;
  EXPECT_EQ(ready.text("status"), "ready");
}

TEST_F(Operator, ADatabaseThatIsGoneMakesItUnready) {
  open_shop();
  ASSERT_EQ(nobody->get("/readyz").status, 200);
  const auto file = directory() / "product.sqlite";
  std::filesystem::rename(file, directory() / "away");
  HttpReply ready;
  for (int tries = 0; tries < 100 && ready.status != 503; ++tries) {
    ready = nobody->get("/readyz");
    usleep(50'000);
  }
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.code(), "STORE_UNAVAILABLE") << ready.body;
  const HttpReply audit = admin->get("/api/admin/audit");
  EXPECT_EQ(audit.status, 503) << audit.body;
  EXPECT_EQ(audit.code(), "STORE_UNAVAILABLE") << audit.body;
  EXPECT_EQ(nobody->get("/healthz").status, 200);
  std::filesystem::rename(directory() / "away", file);
}

TEST_F(Operator, ASaleCanBeFollowedInTheMetrics) {
  open_shop();
  const std::int64_t product = make_product(*admin, 2);
  ASSERT_EQ(place_order(product, 1, "click-1").status, 201);
  ASSERT_EQ(place_order(product, 1, "click-1").status, 201);
  ASSERT_EQ(place_order(product, 5).status, 409);
  ASSERT_EQ(place_order(product, 1).status, 201);
  ASSERT_EQ(other->post("/api/orders", order_body(product)).status, 409);

  const HttpReply reply = admin->get("/metrics");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::string& metrics = reply.body;
  EXPECT_EQ(value_of(metrics, "buyme_orders_total{outcome=\"PLACED\"}"), 2);
  EXPECT_EQ(value_of(metrics, "buyme_orders_total{outcome=\"REPLAYED\"}"), 1);
  EXPECT_EQ(value_of(metrics, "buyme_orders_total{outcome=\"SOLD_OUT\"}"), 2);
  EXPECT_EQ(value_of(metrics, "buyme_order_queue_placements"), 0);
  EXPECT_GE(value_of(metrics, "buyme_order_commit_seconds_count"), 3);  // terms, two orders
  EXPECT_EQ(value_of(metrics, fmt::format("buyme_ledger_units{{product=\"{}\",state=\"held\"}}", product)),
            2);
  EXPECT_EQ(value_of(metrics, fmt::format("buyme_gate_units{{product=\"{}\"}}", product)), 0);
  EXPECT_EQ(value_of(metrics, "buyme_holds{expires=\"later\"}"), 2);
  EXPECT_EQ(value_of(metrics, "buyme_refunds{state=\"waiting\"}"), 0);
  EXPECT_EQ(value_of(metrics, "buyme_payment_attempts_open"), 0);
  EXPECT_EQ(value_of(metrics, R"(buyme_http_requests_total{method="POST",route="/api/orders",status="2xx"})"),
            3);
  EXPECT_GE(value_of(metrics, "buyme_order_rounds_total"), 3);
  // Each line is a comment or one sample, as the format wants it.
  const std::regex line(R"(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [0-9.e+-]+|)");
  for (std::size_t at = 0; at < metrics.size();) {
    const std::size_t end = std::min(metrics.find('\n', at), metrics.size());
    const std::string text = metrics.substr(at, end - at);
    EXPECT_TRUE(std::regex_match(text, line)) << text;
    at = end + 1;
  }
}

TEST_F(Operator, AnAdminHasTheBooksRecounted) {
  open_shop();
  const std::int64_t product = make_product(*admin, 3);
  ASSERT_EQ(place_order(product, 2).status, 201);
  EXPECT_EQ(nobody->get("/api/admin/audit").status, 401);
  EXPECT_EQ(buyer->get("/api/admin/audit").status, 403);
  const HttpReply good = admin->get("/api/admin/audit");
  ASSERT_EQ(good.status, 200) << good.body;
  EXPECT_EQ(good.integer("orders"), 1);
  EXPECT_NE(good.body.find(R"("passed":true)"), std::string::npos) << good.body;
  EXPECT_NE(good.body.find(R"("total":3,"free":1,"held":2,"sold":0)"), std::string::npos) << good.body;

  db::Sqlite((directory() / "order.sqlite").string(), db::Access::read_write)
      .execute("UPDATE stock_ledger SET committed = 1");
  const HttpReply bad = admin->get("/api/admin/audit");
  EXPECT_EQ(bad.status, 200);
  EXPECT_NE(bad.body.find(R"("passed":false)"), std::string::npos) << bad.body;
  db::Sqlite((directory() / "order.sqlite").string(), db::Access::read_write)
      .execute("UPDATE stock_ledger SET committed = 2");
}

TEST_F(Operator, MetricsAreForTheOperator) {
  open_shop({"server.operator_token=scraped with this"});
  EXPECT_EQ(nobody->get("/metrics").status, 401);
  EXPECT_EQ(buyer->get("/metrics").status, 403);
  EXPECT_EQ(admin->get("/metrics").status, 200);
  HttpClient prometheus = shop->client("scraped with this");
  EXPECT_EQ(prometheus.get("/metrics").status, 200);
  EXPECT_EQ(prometheus.get("/api/admin/audit").status, 401);
  EXPECT_EQ(nobody->get("/healthz").status, 200);
}

// A listener's connection, read as the events come.
class EventReader {
 public:
  EventReader(std::uint16_t port, std::int64_t product, const std::string& headers = {})
      : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{5, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string request =
        fmt::format("GET /api/products/{}/stock/stream HTTP/1.1\r\nHost: x\r\n{}\r\n", product, headers);
    EXPECT_EQ(::send(socket_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  }
  ~EventReader() { close(socket_); }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // All that comes up to and including `text`; what came so far when the connection ends or nothing comes.
  std::string read_until(std::string_view text) {
    std::string all;
    char part[256];
    while (all.find(text) == std::string::npos) {
      const ssize_t count = recv(socket_, part, sizeof part, 0);
      if (count <= 0) return all + (count == 0 ? "<closed>" : "<nothing>");
      all.append(part, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
};

TEST_F(Operator, TheStockIsToldAtOnceAndWithEveryChange) {
  open_shop();
  const std::int64_t product = make_product(*admin, 2);
  EventReader reader(shop->port(), product);
  const std::string first = reader.read_until("\"available\":2");
  EXPECT_NE(first.find("HTTP/1.1 200 OK"), std::string::npos) << first;
  EXPECT_NE(first.find("\nid: "), std::string::npos) << first;
  reader.read_until("\n\n");
  ASSERT_EQ(place_order(product, 2).status, 201);
  const std::string second = reader.read_until("\n\n");
  EXPECT_NE(second.find(R"("total":2,"available":0,"held":2,"sold":0,"soldOut":true})"), std::string::npos)
      << second;
  const std::string id = second.substr(4, second.find('\n') - 4);

  // Who has seen it is not told again, but is told of the next change.
  EventReader back(shop->port(), product, "Last-Event-ID: " + id + "\r\n");
  EXPECT_EQ(back.read_until("retry: 1000\n\n").find("data:"), std::string::npos);
  ASSERT_EQ(buyer->post(order_path(1, "cancel")).status, 200);
  EXPECT_NE(back.read_until("\n\n").find("\"available\":2"), std::string::npos);
  EventReader stranger(shop->port(), product, "Last-Event-ID: x\r\n");
  EXPECT_NE(stranger.read_until("\"available\":2").find("data:"), std::string::npos);

  EXPECT_EQ(nobody->get("/api/products/999/stock/stream").status, 404);
  EXPECT_EQ(nobody->get("/api/products/x/stock/stream").status, 404);
  EXPECT_EQ(shop->stop(), 0);
  EXPECT_NE(back.read_until("never").find("<closed>"), std::string::npos) << "streams end with the shop";
}

}  // namespace

}  // namespace buyme::test
