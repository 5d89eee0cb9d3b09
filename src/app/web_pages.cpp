#include "app/web_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/limits.hpp"

namespace buyme::app {

namespace fs = std::filesystem;
using http::Access;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> content_types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
}};

// The page runs and shows what comes from this shop alone, and asks nobody else for anything.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr std::string_view assets = "/assets/";

std::string_view type_of(const fs::path& file) {
  const auto* known = std::ranges::find(content_types, file.extension().string(),
                                        &std::pair<std::string_view, std::string_view>::first);
  return known == content_types.end() ? std::string_view("application/octet-stream") : known->second;
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  if (!stream) throw std::runtime_error(file.string() + ": cannot be read");
  return std::move(content).str();
}

// FNV-1a: it tells builds apart, nobody is kept out by it.
std::string tag_of(std::string_view content) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return fmt::format("W/\"{:x}-{:016x}\"", content.size(), hash);
}

void write_file(const WebPages::File& file, bool is_hashed, const Request& request, Response& response) {
  response.content_type = file.content_type;
  response.header("ETag", file.tag);
  response.header("Vary", "Accept-Encoding");
  response.header("Cache-Control", is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (file.content_type.starts_with("text/html")) {
    response.header("Content-Security-Policy", std::string(policy));
    response.header("Cross-Origin-Opener-Policy", "same-origin");
  }
  if (request.if_none_match.find(file.tag) != std::string_view::npos) {
    response.status = 304;
    return;
  }
  const bool packed = !file.packed.empty() && takes_gzip(request.accept_encoding);
  if (packed) response.header("Content-Encoding", "gzip");
  response.body = packed ? file.packed : file.plain;
}

Awaitable<void> show_page(WebPages& pages, const Request& request, Response& response) {
  write_file(pages.document(), false, request, response);
  co_return;
}

Awaitable<void> show_file(WebPages& pages, const Request& request, Response& response) {
  const WebPages::File* file = pages.find(request.path);
  if (file == nullptr) {
    http::write_problem(response, {Error::not_found, "There is nothing at this path."}, request.request_id);
    co_return;
  }
  write_file(*file, request.path.starts_with(assets), request, response);
}

// web/src/app.tsx knows the same pages.
constexpr http::Endpoint<WebPages> table[] = {
    {Method::get, "/", Access::anyone, show_page},
    {Method::get, "/products/{productId}", Access::anyone, show_page},
    {Method::get, "/orders", Access::anyone, show_page},
    {Method::get, "/orders/{orderId}", Access::anyone, show_page},
    {Method::get, "/wishlist", Access::anyone, show_page},
    {Method::get, "/login", Access::anyone, show_page},
    {Method::get, "/signup", Access::anyone, show_page},
    {Method::get, "/account", Access::anyone, show_page},
    {Method::get, "/console", Access::anyone, show_page},
    {Method::get, "/console/{section}", Access::anyone, show_page},
    {Method::get, "/console/{section}/{id}", Access::anyone, show_page},
    {Method::get, "/assets/{file}", Access::anyone, show_file},
    {Method::get, "/favicon.svg", Access::anyone, show_file},
    {Method::get, "/manifest.webmanifest", Access::anyone, show_file},
    {Method::get, "/robots.txt", Access::anyone, show_file},
};

}  // namespace

WebPages::WebPages(const std::string& directory) {
  std::size_t total = 0;
  std::map<std::string, std::string> packed;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    total += entry.file_size();
    if (total > limits::max_pages_bytes) {
      throw std::runtime_error(directory + ": more than is kept in memory; is this web/dist?");
    }
    std::string name = "/" + fs::relative(entry.path(), directory).generic_string();
    std::string content = content_of(entry.path());
    if (name.ends_with(".gz")) {
      packed.emplace(name.substr(0, name.size() - 3), std::move(content));
      continue;
    }
    std::string tag = tag_of(content);
    files_.emplace(std::move(name), File{type_of(entry.path()), std::move(content), {}, std::move(tag)});
  }
  for (auto& [name, content] : packed) {
    if (const auto file = files_.find(name); file != files_.end()) file->second.packed = std::move(content);
  }
  if (find("/index.html") == nullptr) throw std::runtime_error(directory + ": no index.html; `make web`");
}

const WebPages::File* WebPages::find(std::string_view path) const {
  const auto file = files_.find(path);
  return file == files_.end() ? nullptr : &file->second;
}

std::optional<WebPages> find_pages(const std::string& directory) {
  if (!directory.empty()) return WebPages(directory);
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const fs::path& place : {program / "web", program.parent_path() / "share/buyme/web"}) {
    if (!unknown && fs::exists(place / "index.html", unknown)) return WebPages(fs::canonical(place).string());
  }
  return std::nullopt;
}

bool takes_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    std::string entry(accept_encoding.substr(0, comma));
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    std::erase_if(entry, [](char c) { return c == ' ' || c == '\t'; });
    std::ranges::transform(entry, entry.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t weight = entry.find(";q=");
    const std::string_view name = std::string_view(entry).substr(0, weight);
    if (name != "gzip" && name != "x-gzip" && name != "*") continue;
    return weight == std::string::npos || entry.find_first_not_of("0.", weight + 3) != std::string::npos;
  }
  return false;
}

std::span<const http::Endpoint<WebPages>> page_endpoints() {
  return table;
}

}  // namespace buyme::app
