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

// Immutable, thread-safe.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  // Each an address ("10.0.0.7", "::1") or a network ("10.0.0.0/8"). Throws std::invalid_argument naming the
  // one that is neither.
  explicit TrustedProxies(std::span<const std::string> proxies);

  bool trusts(const boost::asio::ip::address& address) const;

  // The client behind a trusted proxy: the last address in the header that is not itself such a proxy; what
  // stands before it anybody could have written. `forwarded` (RFC 7239) is used when it is there, otherwise
  // `x_forwarded_for`. nullopt when neither says it in a readable way.
  std::optional<boost::asio::ip::address> client(std::string_view forwarded,
                                                 std::string_view x_forwarded_for) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

// An IPv4 address that came in the clothes of an IPv6 one, as itself.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

// The same number for what belongs to one subscriber: an IPv4 address, the first 64 bits of an IPv6 one.
std::uint64_t subscriber_key(const boost::asio::ip::address& address);

}  // namespace buyme::http
