// The bytes read from a connection. A few stand in the connection itself: enough for an ordinary request, and
// little enough that ten thousand idle connections do not count. A longer request gets one large block for as
// long as it lasts.
//
//   [0 .. start) used up   [start .. parsed) the request being read   [parsed .. end) not looked at yet
//
// Why not wait for readability with no buffer at all: in Asio such a wait re-arms epoll with a system call
// each time, while a read that waits costs none beyond recv itself.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/limits.hpp"

namespace buyme::http {

// Large blocks that are free, kept for the next long request. One thread.
class LargeBlocks {
 public:
  static constexpr std::size_t block_bytes = limits::max_header_bytes + 4 * 1024;
  using Block = std::array<char, block_bytes>;

  std::unique_ptr<Block> take() {
    if (free_.empty()) return std::make_unique_for_overwrite<Block>();
    auto block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give_back(std::unique_ptr<Block> block) {
    if (free_.size() < max_free) free_.push_back(std::move(block));
  }

 private:
  static constexpr std::size_t max_free = 64;
  std::vector<std::unique_ptr<Block>> free_;
};

class InputBuffer {
 public:
  static constexpr std::size_t small_bytes = 1'536;

  std::string_view unparsed() const { return {data() + parsed_, end_ - parsed_}; }
  bool empty() const { return parsed_ == end_; }
  std::span<char> room() { return {data() + end_, capacity() - end_}; }
  void filled(std::size_t count) { end_ += count; }
  void parsed(std::size_t count) { parsed_ += count; }
  void begin_request() { start_ = parsed_; }

  // The request is answered: nothing of it is looked at any more.
  void end_request(LargeBlocks& blocks) {
    start_ = parsed_;
    if (empty()) start_ = parsed_ = end_ = 0;
    if (large_ && end_ - start_ < small_bytes / 2) {
      std::memcpy(small_.data(), large_->data() + start_, end_ - start_);
      blocks.give_back(std::move(large_));
      shift_to_front();
    }
  }

  // Where the request's bytes that must stay stood, and where they stand now.
  struct Moved {
    const char* from;
    std::size_t size;
    const char* to;
  };

  // Makes room to read more. The first `kept` bytes of the request stay valid (at another address); what was
  // parsed behind them is dropped. There is room afterwards as long as `kept` and what is unparsed are
  // shorter than a block by the size of one read.
  Moved make_room(std::size_t kept, LargeBlocks& blocks) {
    const char* from = data() + start_;
    const std::size_t rest = end_ - parsed_;
    std::unique_ptr<LargeBlocks::Block> grown;
    if (!large_ && small_bytes - kept - rest < min_room) grown = blocks.take();
    char* to = grown ? grown->data() : data();
    if (to != from) std::memmove(to, from, kept);
    std::memmove(to + kept, from + (parsed_ - start_), rest);
    if (grown) large_ = std::move(grown);
    start_ = 0;
    parsed_ = kept;
    end_ = kept + rest;
    return {from, kept, to};
  }
  bool needs_room() const { return capacity() - end_ < min_room; }

 private:
  static constexpr std::size_t min_room = 512;

  char* data() { return large_ ? large_->data() : small_.data(); }
  const char* data() const { return large_ ? large_->data() : small_.data(); }
  std::size_t capacity() const { return large_ ? LargeBlocks::block_bytes : small_bytes; }
  void shift_to_front() {
    end_ -= start_;
    parsed_ -= start_;
    start_ = 0;
  }

  std::array<char, small_bytes> small_;
  std::unique_ptr<LargeBlocks::Block> large_;
  std::size_t start_ = 0;
  std::size_t parsed_ = 0;
  std::size_t end_ = 0;
};

}  // namespace buyme::http
