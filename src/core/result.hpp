// Result<T>: a value, or the Failure that the caller is told. For what is expected to fail; exceptions are
// for start-up failures and bugs.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>

#include "core/error.hpp"

namespace buyme {

template <class T>
using Result = boost::system::result<T, Failure>;

// Found by argument-dependent lookup when value() is called on a failure: that is a bug of ours.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::logic_error("value() of a failure: " + failure.detail);
}

}  // namespace buyme
