// What one setting cannot say of itself.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "app/config.hpp"

namespace buyme::app {

namespace {

void check_lists(const Config& config) {
  try {
    const http::TrustedProxies checked(config.server.trusted_proxies);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("server.trusted_proxies: {}", error.what()));
  }
  for (const std::string& origin : config.server.allowed_origins) {
    const std::size_t scheme = origin.find("://");
    const bool has_host = scheme != std::string::npos && scheme + 3 < origin.size() &&
                          origin.find('/', scheme + 3) == std::string::npos;
    if (origin == "*" || has_host) continue;
    throw ConfigError(
        fmt::format("server.allowed_origins: \"{}\" is no origin: write scheme, host and port only, as "
                    "https://shop.example.com",
                    origin));
  }
}

void check_payment(const Config::Payment& payment) {
  const auto declined = amounts_of("payment.decline_amounts", payment.decline_amounts);
  for (const std::int64_t amount : amounts_of("payment.timeout_amounts", payment.timeout_amounts)) {
    if (!std::ranges::binary_search(declined, amount)) continue;
    throw ConfigError(
        fmt::format("payment.timeout_amounts: {} stands in payment.decline_amounts, too", amount));
  }
}

}  // namespace

std::vector<std::int64_t> amounts_of(std::string_view path, const std::vector<std::string>& entries) {
  std::vector<std::int64_t> amounts;
  for (const std::string& entry : entries) {
    std::int64_t amount = 0;
    const char* const end = entry.data() + entry.size();
    const auto parsed = std::from_chars(entry.data(), end, amount);
    if (parsed.ec != std::errc{} || parsed.ptr != end || amount < 0 || amount > limits::max_order_amount) {
      throw ConfigError(fmt::format("{}: \"{}\" is no amount: write whole numbers from 0 to {}", path, entry,
                                    limits::max_order_amount));
    }
    amounts.push_back(amount);
  }
  std::ranges::sort(amounts);
  return amounts;
}

void check(const Config& config) {
  check_lists(config);
  check_payment(config.payment);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(config.server.host, error);
  if (error) {
    throw ConfigError(fmt::format("server.host: must be an IP address such as 127.0.0.1 or ::1, not \"{}\"",
                                  config.server.host));
  }
  if (config.auth == Auth::trusted && !address.is_loopback()) {
    throw ConfigError(fmt::format(
        "auth = \"trusted\" lets every caller buy and administer in anybody's name, so it is only "
        "served on a loopback address, not on {}: use 127.0.0.1, or auth = \"required\"",
        config.server.host));
  }
}

}  // namespace buyme::app
