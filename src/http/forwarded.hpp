// Whose word is believed about who a request comes from.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace buyme::http {

// The header by which proxies tell. One alone is believed: a proxy that writes one of them passes the other
// on as the client sent it.
enum class ForwardedBy : std::uint8_t {
  x_forwarded_for,  // "198.51.100.1, 10.0.0.3"
  forwarded,        // RFC 7239: "for=198.51.100.1;proto=https, for=10.0.0.3"
};

// Immutable, thread-safe.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  // Each an address ("10.0.0.7", "::1") or a network ("10.0.0.0/8"). Throws std::invalid_argument naming the
  // one that is neither.
  explicit TrustedProxies(std::span<const std::string> proxies);

  bool trusts(const boost::asio::ip::address& address) const;

  // The client behind a trusted proxy: the last address in the `header` that is not itself such a proxy; what
  // stands before it anybody could have written. nullopt when it does not say so in a readable way.
  std::optional<boost::asio::ip::address> client(ForwardedBy by, std::string_view header) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

// An IPv4 address that came in the clothes of an IPv6 one, as itself.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

// The same number for what belongs to one subscriber: an IPv4 address, the first 64 bits of an IPv6 one.
std::uint64_t subscriber_key(const boost::asio::ip::address& address);

}  // namespace buyme::http
