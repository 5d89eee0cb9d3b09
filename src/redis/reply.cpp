#include "redis/reply.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <iterator>
#include <new>

namespace buyme::redis {

namespace {

Reply reply_from(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::integer;
      reply.number = raw.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::text;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::error;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::array;
      reply.elements.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(reply_from(*raw.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace

bool Reply::is_error(std::string_view code) const {
  return is_error() && text.starts_with(code) && (text.size() == code.size() || text[code.size()] == ' ');
}

void append_command(std::string& out, std::span<const std::string> words) {
  auto end = std::back_inserter(out);
  fmt::format_to(end, "*{}\r\n", words.size());
  for (const auto& word : words) {
    fmt::format_to(end, "${}\r\n", word.size());
    out += word;
    out += "\r\n";
  }
}

struct ReplyReader::Parser {
  Parser() : raw(redisReaderCreate()) {
    if (raw == nullptr) throw std::bad_alloc();
  }
  ~Parser() { redisReaderFree(raw); }
  redisReader* raw;
};

ReplyReader::ReplyReader() : parser_(std::make_unique<Parser>()) {}

ReplyReader::~ReplyReader() = default;

bool ReplyReader::feed(std::string_view bytes) {
  if (!broken_) broken_ = redisReaderFeed(parser_->raw, bytes.data(), bytes.size()) != REDIS_OK;
  return !broken_;
}

std::optional<Reply> ReplyReader::next() {
  void* raw = nullptr;
  if (broken_ || redisReaderGetReply(parser_->raw, &raw) != REDIS_OK) {
    broken_ = true;
    return std::nullopt;
  }
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<void, decltype(&freeReplyObject)> owner(raw, freeReplyObject);
  return reply_from(*static_cast<redisReply*>(raw));
}

}  // namespace buyme::redis
