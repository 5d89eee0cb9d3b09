// Turns the bytes of a connection into one Request. No socket here, so that tests and the fuzzer can drive
// it.
//
// The bytes of the head must stay where they are until the request has been answered (or be moved with
// rebase()): what is read of them are views. A body that arrives in one piece behind its head is a view too;
// otherwise it is collected in `body`. Beast's parser does the grammar; on top of it everything is refused
// that two servers could read differently (request smuggling). Not thread-safe; one reader reads one request.
#pragma once

#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "http/message.hpp"

namespace buyme::http {

class RequestReader final : private boost::beast::http::basic_parser<true> {
 public:
  enum class Progress : std::uint8_t {
    head,    // more bytes are needed to end the head
    body,    // the head is complete, more bytes are needed
    done,    // fill() may be called
    failed,  // refused; nothing more can be read from this connection
  };

  // `body` collects a body in pieces; it is cleared, and must outlive the reader.
  explicit RequestReader(std::string& body);

  // Reads from `bytes`, which begin where the last call stopped consuming. Says in `consumed` how many were
  // used up; those of the head are used up all at once, when it is complete.
  Progress feed(std::string_view bytes, std::size_t& consumed);

  // After Progress::body: how many of the bytes consumed by the call that completed the head were the head's.
  std::size_t head_bytes() const { return head_bytes_; }

  // The views that were made of [from, from + size) are made of the same bytes at `to` from now on.
  void rebase(const char* from, std::size_t size, const char* to);

  // After Progress::body: the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }

  // After Progress::done.
  void fill(Request& request) const;
  bool keep_alive() const { return basic_parser::keep_alive(); }
  bool is_head() const { return is_head_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  std::string_view bearer_token() const;       // empty when none was shown
  std::string_view client_request_id() const;  // empty unless well formed
  std::string_view service_credential() const { return headers_[service_credential_]; }
  bool is_options() const { return is_options_; }
  // As sent, empty when absent. What lists may hold is believed of the last line alone.
  std::string_view origin() const { return headers_[origin_]; }
  std::string_view accept_language() const { return headers_[accept_language_]; }
  std::string_view forwarded() const { return headers_[forwarded_]; }
  std::string_view x_forwarded_for() const { return headers_[x_forwarded_for_]; }
  const Failure& failure() const { return failure_; }  // after Progress::failed

 private:
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Code = boost::beast::error_code;
  enum Header : std::uint8_t {
    target_,  // not a header, but a view like them
    host_,
    content_type_,
    authorization_,
    idempotency_key_,
    if_match_,
    request_id_,
    content_length_,
    transfer_encoding_,
    origin_,
    last_event_id_,
    service_credential_,
    traceparent_,  // from here on: a second line replaces the first
    accept_language_,
    forwarded_,
    x_forwarded_for_,
    if_none_match_,
    accept_encoding_,
    header_count_
  };

  enum class Scan : std::uint8_t { incomplete, complete, broken };
  Scan scan_head(std::string_view bytes);
  Progress refuse(Error error, std::string_view detail);
  Progress refuse(const Code& code);
  void read_target(std::string_view target, Code& code);
  static Header header_named(Text name);

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       Code& code) override;
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(Field field, Text name, Text value, Code& code) override;
  void on_header_impl(Code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text part, Code& code) override;
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, Code& code) override;
  void on_finish_impl(Code&) override {}

  std::array<std::string_view, header_count_> headers_{};
  std::string& collected_;
  std::string_view whole_body_;  // when it came in one piece
  std::size_t scanned_ = 0;      // bytes of an incomplete head that need not be looked at again
  std::size_t head_bytes_ = 0;
  std::uint32_t seen_ = 0;  // bit h: headers_[h] was sent
  Method method_ = Method::other;
  bool head_complete_ = false;
  bool is_head_ = false;
  bool is_options_ = false;
  bool is_http_1_0_ = false;
  bool expects_continue_ = false;
  Failure failure_;
};

}  // namespace buyme::http
