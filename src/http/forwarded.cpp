#include "http/forwarded.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <stdexcept>

#include "http/blanks.hpp"

namespace buyme::http {

namespace ip = boost::asio::ip;

namespace {

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80", each in quotes or not.
std::optional<ip::address> address_of(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  boost::system::error_code failed;
  const auto address = ip::make_address(std::string(text), failed);
  if (failed) return std::nullopt;
  return unmapped(address);
}

// The value of "for" in one element of a Forwarded header.
std::string_view for_of(std::string_view element) {
  while (!element.empty()) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view pair = trimmed(element.substr(0, end));
    if (boost::beast::iequals(pair.substr(0, 4), "for=")) return pair.substr(4);
    element.remove_prefix(std::min(end + 1, element.size()));
  }
  return {};
}

}  // namespace

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::uint64_t subscriber_key(const ip::address& address) {
  if (address.is_v4()) return address.to_v4().to_uint();
  std::uint64_t key = 0;
  const auto bytes = address.to_v6().to_bytes();
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
  return key ^ 1ULL << 63;  // not among those of IPv4
}

TrustedProxies::TrustedProxies(std::span<const std::string> proxies) {
  for (const std::string& text : proxies) {
    boost::system::error_code failed;
    const bool is_network = text.find('/') != std::string::npos;
    const bool is_v6 = text.find(':') != std::string::npos;
    const std::string network = is_network ? text : text + (is_v6 ? "/128" : "/32");
    if (is_v6) {
      v6_.push_back(ip::make_network_v6(network, failed));
    } else {
      v4_.push_back(ip::make_network_v4(network, failed));
    }
    if (failed) throw std::invalid_argument("\"" + text + "\" is no IP address and no network");
  }
}

bool TrustedProxies::trusts(const ip::address& address) const {
  const auto contains = [](const auto& networks, const auto& one) {
    return std::any_of(networks.begin(), networks.end(), [&](const auto& network) {
      const auto hosts = network.canonical();
      using Network = std::decay_t<decltype(network)>;
      return Network(one, hosts.prefix_length()).canonical() == hosts;
    });
  };
  const ip::address plain = unmapped(address);
  return plain.is_v4() ? contains(v4_, plain.to_v4()) : contains(v6_, plain.to_v6());
}

std::optional<ip::address> TrustedProxies::client(ForwardedBy by, std::string_view list) const {
  std::optional<ip::address> nearest;
  while (!list.empty()) {
    const std::size_t comma = list.rfind(',');
    const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
    const std::string_view element = list.substr(begin);
    const auto address = address_of(by == ForwardedBy::forwarded ? for_of(element) : element);
    if (!address) return nearest;
    nearest = address;
    if (!trusts(*address)) return nearest;
    list = list.substr(0, begin == 0 ? 0 : comma);
  }
  return nearest;
}

}  // namespace buyme::http
