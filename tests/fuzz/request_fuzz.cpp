// Bytes as they come from a connection. The first byte says in what pieces they arrive: read whole or in
// pieces, the same requests must come out, and the views of each must lie within the bytes that were sent.
#include <cstdlib>
#include <vector>

#include "core/limits.hpp"
#include "http/endpoint.hpp"
#include "http/input_buffer.hpp"
#include "http/request_reader.hpp"
#include "http/response_writer.hpp"

namespace {

using namespace buyme;
using namespace buyme::http;
using Progress = RequestReader::Progress;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  std::vector<std::string> requests;
  bool failed = false;
};

void note(Seen& seen, const Router& router, const RequestReader& reader) {
  Request request;
  reader.fill(request);
  require(request.body.size() <= limits::max_body_bytes);
  require(request.target.size() <= limits::max_target_bytes && request.target.front() == '/');
  require(reader.client_request_id().size() <= 64);
  const auto route = router.find(request);
  std::string text(request.target);
  text.append("\n").append(request.body).append("\n").append(request.content_type);
  text.append("\n").append(request.idempotency_key).append("\n").append(reader.bearer_token());
  for (const auto param : request.params) text.append("\n").append(param);
  text += route.has_value() ? "\nfound" : "\nnot found";
  text += reader.keep_alive() ? " keep" : " close";
  seen.requests.push_back(std::move(text));
}

// As a session does it, with its own buffer, from which the head must not vanish while the body arrives.
Seen read(const Router& router, std::string_view bytes, std::size_t step) {
  Seen seen;
  LargeBlocks blocks;
  InputBuffer input;
  std::string collected;
  std::optional<RequestReader> reader;
  while (!seen.failed && seen.requests.size() < 100) {
    if (input.empty() || reader) {
      if (bytes.empty()) break;
      const auto room = input.room();
      require(!room.empty());
      const std::size_t count = bytes.copy(room.data(), std::min(room.size(), step));
      bytes.remove_prefix(count);
      input.filled(count);
    }
    if (!reader) reader.emplace(collected);
    std::size_t consumed = 0;
    const Progress progress = reader->feed(input.unparsed(), consumed);
    input.parsed(consumed);
    if (progress == Progress::failed) {
      require(!reader->failure().detail.empty());
      seen.failed = true;
    } else if (progress == Progress::done) {
      note(seen, router, *reader);
      reader.reset();
      input.end_request(blocks);
    } else if (progress == Progress::head) {
      input.begin_request();
      if (input.needs_room()) input.make_room(0, blocks);
    } else if (input.needs_room()) {
      const auto moved = input.make_room(reader->head_bytes(), blocks);
      reader->rebase(moved.from, moved.size, moved.to);
    }
    if (input.room().empty()) seen.failed = true;  // answered 413
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Router router = [] {
    Router routes;
    const auto nothing = [](const Request&, Response&) -> Awaitable<void> { co_return; };
    routes.add({Method::get, "/api/orders", Access::user, nothing, {}});
    routes.add({Method::get, "/api/orders/{orderId}", Access::user, nothing, {}});
    routes.add({Method::post, "/api/orders/{orderId}/cancel", Access::user, nothing, {}});
    return routes;
  }();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Seen whole = read(router, bytes, std::size_t(-1));
  const Seen pieces = read(router, bytes, std::size_t{data[0]} + 1);
  // Memory limits may end a connection at another byte; the requests before that must agree.
  const std::size_t both = std::min(whole.requests.size(), pieces.requests.size());
  for (std::size_t i = 0; i < both; ++i) require(whole.requests[i] == pieces.requests[i]);
  if (!whole.failed && !pieces.failed) require(whole.requests.size() == pieces.requests.size());
  return 0;
}
