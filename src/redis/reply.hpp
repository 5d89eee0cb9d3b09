// The Redis protocol (RESP2): commands as bytes, bytes as replies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace buyme::redis {

struct Reply {
  enum class Kind : std::uint8_t { nil, integer, text, array, error };

  Kind kind = Kind::nil;
  std::int64_t number = 0;      // integer
  std::string text;             // text (a status, too) and error
  std::vector<Reply> elements;  // array

  bool is_error() const { return kind == Kind::error; }
  // An error whose first word is `code` ("NOSCRIPT").
  bool is_error(std::string_view code) const;
};

using Words = std::vector<std::string>;  // a command and its arguments; any bytes

// Appends `words` to `out` as one command.
void append_command(std::string& out, std::span<const std::string> words);

// Cuts a stream of bytes into replies. Not thread-safe.
class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // False: this is not the protocol, and nothing after it can be read.
  bool feed(std::string_view bytes);
  // The next whole reply. nullopt: more bytes are needed, or broken() says that none will help.
  std::optional<Reply> next();
  bool broken() const { return broken_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  bool broken_ = false;
};

}  // namespace buyme::redis
