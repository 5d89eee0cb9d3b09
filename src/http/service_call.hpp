// What both ends of a call between services share. The structs that cross have, in their own namespace,
//   void append_json(std::string& out, const T& value);   an object
//   void read_json(JsonInput& input, T& value);           the same object, strictly
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "http/client.hpp"
#include "http/json_input.hpp"

namespace buyme::http {

template <class T>
std::string encode(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

// Errors: malformed, invalid (naming every wrong or unknown field).
template <class T>
Result<T> decode(std::string_view json) {
  auto input = JsonInput::parse(json);
  if (!input) return input.error();
  T value;
  read_json(*input, value);
  if (auto failure = input->finish()) return std::move(*failure);
  return value;
}

// The call in a request's body. One that cannot be read is a fault of ours (two versions that do not fit),
// not of the buyer behind it: Error::internal.
template <class T>
Result<T> read_call(const Request& request) {
  auto call = decode<T>(request.body);
  if (call) return call;
  std::string detail = "The call of a service is not understood. " + call.error().detail;
  for (const FieldError& field : call.error().fields) detail += " " + field.field + ": " + field.detail;
  return Failure(Error::internal, std::move(detail));
}

// For an answer that cannot be read: whatever was asked for may well have been done.
inline Failure unreadable_answer(Effect effect) {
  if (effect == Effect::read) return {Error::internal, "The answer of a service is not understood."};
  return {Error::outcome_unknown, "The answer of a service is not understood: it may have been done."};
}

template <class Question>
HttpCall call_of(std::string_view target, const Question& question, Effect effect, const Trace& trace = {}) {
  HttpCall call;
  call.method = Method::post;
  call.target = target;
  call.body = encode(question);
  call.effect = effect;
  call.trace = trace;
  return call;
}

// Asks `target` and reads its answer. Errors: those of HttpClient::call, and those of the other side.
template <class Answer>
Awaitable<Result<Answer>> ask(HttpClient& client, HttpCall call) {
  const Effect effect = call.effect;
  auto answer = co_await client.call(std::move(call));
  if (!answer) co_return answer.error();
  auto value = decode<Answer>(answer->body);
  if (!value) co_return unreadable_answer(effect);
  co_return std::move(*value);
}

// The same of a call that answers nothing (204).
inline Awaitable<Result<void>> tell(HttpClient& client, HttpCall call) {
  const Effect effect = call.effect;
  const auto answer = co_await client.call(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status != 204) co_return unreadable_answer(effect);
  co_return Result<void>{};
}

}  // namespace buyme::http
