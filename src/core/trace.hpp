// Which request a call between services is made for, so that the logs of all of them can be read together.
#pragma once

#include <boost/static_string/static_string.hpp>
#include <string_view>

namespace buyme {

// Empty: no request is behind it, as with a job. It owns its text: a call may outlive the request.
class Trace {
 public:
  Trace() = default;
  // `id` and `flags` as in W3C Trace Context; empty when the caller sent none. Throws std::length_error.
  Trace(std::string_view request_id, std::string_view id, std::string_view flags)
      : request_id_(request_id.data(), request_id.size()),
        id_(id.data(), id.size()),
        flags_(flags.data(), flags.size()) {}

  std::string_view request_id() const { return {request_id_.data(), request_id_.size()}; }
  std::string_view id() const { return {id_.data(), id_.size()}; }
  std::string_view flags() const { return {flags_.data(), flags_.size()}; }

 private:
  boost::static_strings::static_string<64> request_id_;
  boost::static_strings::static_string<32> id_;
  boost::static_strings::static_string<2> flags_;
};

}  // namespace buyme
