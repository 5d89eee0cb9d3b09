// The pages for browsers, where one process serves them and where the gateway does: the same to whoever asks.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "app/web_pages.hpp"
#include "integration/shop_test.hpp"
#include "support/gateway.hpp"

namespace buyme::test {

namespace {

class PagesTest : public ShopTest {
 protected:
  PagesTest() {
    // nginx' workers are nobody where the tests are root's.
    std::filesystem::permissions(place.path(), std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    write("index.html", "<!doctype html><title>the pages</title>");
    write("index.html.gz", "packed document");
    write("assets/main-1a2b.js", "let a = 1;");
    write("assets/main-1a2b.js.gz", "packed script");
    write("assets/main-5e6f.css", "a{}");
    write("assets/face-3c4d.woff2", "font");
    write("favicon.svg", "<svg/>");
    write("manifest.webmanifest", "{}");
    write("robots.txt", "all");
  }

  void write(const std::string& name, std::string_view content) {
    const std::filesystem::path path = web() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  std::filesystem::path web() const { return place.path() / "dist"; }

  void open() {
    open_shop({"server.web=" + web().string()});
    const std::string address = fmt::format("127.0.0.1:{}", shop->port());
    gateway.emplace(Gateway::Servers{address, address, address, address, web().string()});
  }

  std::optional<Gateway> gateway;
};

TEST_F(PagesTest, TheGatewayServesThemAsOneProcessDoes) {
  open();
  HttpClient direct = shop->client(), through = gateway->client();
  std::vector<std::string> paths;
  for (const auto& page : app::page_endpoints()) {
    std::string path(page.path);
    if (path == "/assets/{file}") continue;
    for (auto open = path.find('{'); open != path.npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "7");
    }
    paths.push_back(path);
  }
  for (const char* file : {"main-1a2b.js", "main-5e6f.css", "face-3c4d.woff2", "none.js"}) {
    paths.push_back("/assets/" + std::string(file));
  }
  EXPECT_GT(paths.size(), 16U);
  for (const std::string& path : paths) {
    for (const char* encoding : {"identity", "gzip"}) {
      const Headers headers{{"Accept-Encoding", encoding}};
      const HttpReply one = direct.request("GET", path, {}, headers);
      const HttpReply other = through.request("GET", path, {}, headers);
      EXPECT_EQ(other.status, one.status) << path;
      EXPECT_EQ(one.status, path == "/assets/none.js" ? 404 : 200) << path;
      if (one.status != 200) continue;
      EXPECT_EQ(other.body, one.body) << path << ' ' << encoding;
      for (const char* name : {"content-type", "content-encoding", "cache-control", "content-security-policy",
                               "cross-origin-opener-policy", "x-content-type-options", "referrer-policy"}) {
        EXPECT_EQ(other.header(name), one.header(name)) << path << ' ' << name;
      }
    }
  }
}

TEST_F(PagesTest, WhatIsNoPageIsWhatItWasWithoutThem) {
  open();
  HttpClient direct = shop->client(), through = gateway->client();
  for (const char* path :
       {"/nothing", "/index.html", "/api/nothing", "/products", "/orders/1/2", "/console/a/b/c"}) {
    for (HttpClient* client : {&direct, &through}) {
      const HttpReply reply = client->get(path);
      EXPECT_EQ(reply.status, 404) << path;
      EXPECT_EQ(reply.code(), "NOT_FOUND") << path;
    }
  }
  std::ofstream(place.path() / "secret") << "secret";
  std::filesystem::create_symlink(place.path() / "secret", web() / "assets/link.js");
  for (const char* path :
       {"/assets/link.js", "/assets/../../secret", "/assets/..%2f..%2fsecret", "/%2e%2e/secret"}) {
    for (HttpClient* client : {&direct, &through}) {
      const HttpReply reply = client->get(path);
      EXPECT_GE(reply.status, 400) << path;
      EXPECT_EQ(reply.body.find("secret\n"), std::string::npos) << path;
      EXPECT_NE(reply.body, "secret") << path;
    }
  }
  EXPECT_EQ(through.get("/api/products").status, 200);
  EXPECT_EQ(direct.post("/orders", "{}").status, 405) << "the page is there to be read";
}

TEST_F(PagesTest, AShopWithoutPagesIsAShop) {
  open_shop();
  EXPECT_EQ(nobody->get("/").status, 404);
  EXPECT_EQ(nobody->get("/api/products").status, 200);
}

class Rehearsal : public ShopTest {
 protected:
  // Begins a long one; the process of its crowd.
  pid_t begin() {
    const HttpReply begun = admin->post("/api/admin/rehearsals", R"({"buyers":10000,"stock":10000})");
    EXPECT_EQ(begun.status, 200) << begun.body;
    for (int tries = 0; tries < 5'000; ++tries) {
      for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t process = std::atoi(entry.path().filename().c_str());
        if (process > 0 && is_crowd(process)) return process;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    ADD_FAILURE() << "no process of its own";
    return 0;
  }
  static std::set<std::string> sockets_of(pid_t process) {
    std::set<std::string> sockets;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process), gone)) {
      std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
      if (target.starts_with("socket:")) sockets.insert(std::move(target));
    }
    return sockets;
  }

 private:
  bool is_crowd(pid_t process) const {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    const std::string text(std::istreambuf_iterator<char>(status), {});
    if (text.find(fmt::format("\nPPid:\t{}\n", shop->process())) == std::string::npos) return false;
    std::ifstream words(fmt::format("/proc/{}/cmdline", process));
    std::string program, command;
    std::getline(words, program, '\0');
    std::getline(words, command, '\0');
    return command == "drop";
  }
};

HttpReply wait_for_verdict(HttpClient& admin) {
  for (int tries = 0;; ++tries) {
    HttpReply reply = admin.get("/api/admin/rehearsals");
    if (reply.text("state") != "RUNNING" || tries == 1'200) return reply;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

TEST_F(Rehearsal, IsHeldBesideTheShopAndJudged) {
  open_shop();
  EXPECT_EQ(admin->get("/api/admin/rehearsals").text("state"), "NONE");
  EXPECT_EQ(buyer->post("/api/admin/rehearsals", R"({"buyers":1,"stock":1})").status, 403);
  EXPECT_EQ(admin->post("/api/admin/rehearsals", R"({"buyers":0,"stock":10001})").status, 400);
  const HttpReply begun = admin->post("/api/admin/rehearsals", R"({"buyers":60,"stock":6})");
  ASSERT_EQ(begun.status, 200) << begun.body;
  EXPECT_EQ(begun.text("state"), "RUNNING");
  EXPECT_EQ(admin->post("/api/admin/rehearsals", R"({"buyers":60,"stock":6})").code(), "ILLEGAL_STATE");
  const HttpReply done = wait_for_verdict(*admin);
  ASSERT_EQ(done.text("state"), "DONE") << done.body;
  const json::object verdict = done.json().at("verdict").as_object();
  EXPECT_TRUE(verdict.at("passed").as_bool()) << done.body;
  EXPECT_EQ(verdict.at("counts").as_object().at("ordered").as_int64(), 6);
  EXPECT_EQ(admin->get("/api/products").json().at("items").as_array().size(), 0U) << "not this shop's";
}

// What a shop closes is closed, whatever goes on beside it.
TEST_F(Rehearsal, HoldsNoConnectionOfTheShop) {
  open_shop();
  const auto ours = sockets_of(shop->process());
  EXPECT_FALSE(ours.empty());
  const pid_t crowd = begin();
  for (const auto& socket : sockets_of(crowd)) EXPECT_FALSE(ours.contains(socket)) << socket;
}

TEST_F(Rehearsal, EndsWithTheShop) {
  open_shop();
  const pid_t crowd = begin();
  EXPECT_EQ(shop->stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(fmt::format("/proc/{}", crowd)));
}

}  // namespace

}  // namespace buyme::test
