// The one place that names the executor on which every service coroutine runs.
//
// It is a concrete type, not any_io_executor: type erasure costs an indirect call and a reference count at
// every resumption, on a path that is resumed several times per request. A build that defines
// BUYME_SIMULATION names a context of its own (a ready list and a virtual clock) here and nowhere else.
#pragma once

#ifdef BUYME_SIMULATION
#include "simulation/context.hpp"
#else
#include <boost/asio/io_context.hpp>
#endif

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace buyme {

namespace asio = boost::asio;

#ifdef BUYME_SIMULATION
using ExecutionContext = simulation::Context;
#else
using ExecutionContext = asio::io_context;
#endif

using Executor = ExecutionContext::executor_type;

template <class T>
using Awaitable = asio::awaitable<T, Executor>;

inline constexpr asio::use_awaitable_t<Executor> use_awaitable;

}  // namespace buyme
