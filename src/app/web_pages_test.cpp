#include "app/web_pages.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <fstream>

#include "core/executor.hpp"
#include "core/limits.hpp"
#include "support/temp_dir.hpp"

namespace buyme::app {

namespace {

namespace fs = std::filesystem;

class Pages : public ::testing::Test {
 protected:
  Pages() {
    write("index.html", "<!doctype html><title>shop</title>");
    write("index.html.gz", "packed document");
    write("assets/main-1a2b.js", "let a = 1;");
    write("assets/main-1a2b.js.gz", "packed script");
    write("assets/face-3c4d.woff2", "font");
    write("favicon.svg", "<svg/>");
  }

  void write(const std::string& name, std::string_view content) {
    const fs::path path = place.path() / "dist" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  std::string directory() const { return (place.path() / "dist").string(); }

  // 0 where no route is.
  http::Response ask(std::string_view path, std::string_view encoding = {}, std::string_view tag = {}) {
    WebPages pages(directory());
    http::Router router;
    router.mount(pages, page_endpoints());
    http::Request request;
    request.method = http::Method::get;
    request.path = path;
    request.accept_encoding = encoding;
    request.if_none_match = tag;
    http::Response response;
    const auto route = router.find(request);
    if (!route) {
      response.status = 0;
      return response;
    }
    ExecutionContext context(1);
    asio::co_spawn(context, (*route)->handle(request, response), asio::detached);
    context.run();
    return response;
  }

  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  test::TempDir place;
};

TEST_F(Pages, EveryPageIsTheDocumentAndWhatIsNoPageIsNot) {
  for (const char* path : {"/", "/products/7", "/orders", "/orders/12", "/wishlist", "/login", "/signup",
                           "/account", "/console", "/console/live", "/console/products/7"}) {
    const auto response = ask(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "<!doctype html><title>shop</title>") << path;
    EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  }
  for (const char* path : {"/api", "/api/", "/api/nothing", "/nothing", "/products", "/products/7/x",
                           "/index.html", "/orders/", "/console/a/b/c", "//", "/..", "/assets", "/metrics"}) {
    EXPECT_EQ(ask(path).status, 0) << path;
  }
}

TEST_F(Pages, ThePolicyLetsNothingInlineRunAndNobodyElseBeAsked) {
  const std::string policy = header(ask("/"), "Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; ")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_EQ(policy.find('*'), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
}

TEST_F(Pages, FilesWithAHashInTheirNamesAreKeptForEver) {
  const auto script = ask("/assets/main-1a2b.js");
  EXPECT_EQ(script.body, "let a = 1;");
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(header(script, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(ask("/assets/face-3c4d.woff2").content_type, "font/woff2");
  EXPECT_EQ(header(ask("/favicon.svg"), "Cache-Control"), "no-cache");
}

TEST_F(Pages, WhoTakesGzipGetsIt) {
  for (const char* encoding : {"gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "*"}) {
    const auto response = ask("/assets/main-1a2b.js", encoding);
    EXPECT_EQ(response.body, "packed script") << encoding;
    EXPECT_EQ(header(response, "Content-Encoding"), "gzip") << encoding;
    EXPECT_EQ(header(response, "Vary"), "Accept-Encoding");
  }
  for (const char* encoding : {"", "br", "identity", "gzip;q=0", "gzip; q=0.000, br", "gzipped"}) {
    const auto response = ask("/assets/main-1a2b.js", encoding);
    EXPECT_EQ(response.body, "let a = 1;") << encoding;
    EXPECT_EQ(header(response, "Content-Encoding"), "") << encoding;
  }
  EXPECT_EQ(ask("/assets/face-3c4d.woff2", "gzip").body, "font") << "there is no packed one";
}

TEST_F(Pages, TheDocumentIsSentAgainOnlyWhenItChanged) {
  const std::string tag = header(ask("/"), "ETag");
  ASSERT_FALSE(tag.empty());
  const auto same = ask("/orders", "gzip", "\"other\", " + tag);
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(header(same, "ETag"), tag);
  write("index.html", "<!doctype html><title>new</title>");
  EXPECT_EQ(ask("/", "", tag).status, 200);
}

TEST_F(Pages, APathNamesAFileThatWasThereOrNothing) {
  std::ofstream(place.path() / "secret") << "secret";
  fs::create_symlink(place.path() / "secret", place.path() / "dist/assets/link.txt");
  fs::create_directory_symlink(place.path(), place.path() / "dist/assets/up");
  for (const char* path : {"/assets/..", "/assets/link.txt", "/assets/up", "/assets/%2e%2e%2fsecret",
                           "/assets/..%2f..%2fsecret", "/assets/none.js", "/assets/main-1a2b.js.gz"}) {
    const auto response = ask(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body.find("secret\n"), std::string::npos);
  }
  EXPECT_EQ(ask("/assets/../../secret").status, 0);
}

TEST_F(Pages, ADirectoryWithoutPagesIsRefusedAtTheStart) {
  EXPECT_THROW(find_pages(place.file("nowhere")), std::exception);
  fs::remove(place.path() / "dist/index.html");
  EXPECT_THROW(find_pages(directory()), std::runtime_error);
  write("index.html", "x");
  EXPECT_TRUE(find_pages(directory()));
  write("assets/large.js", std::string(limits::max_pages_bytes, 'x'));
  EXPECT_THROW(find_pages(directory()), std::runtime_error);
}

}  // namespace
}  // namespace buyme::app
