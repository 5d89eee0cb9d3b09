#include "app/api_docs.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>

#include "embedded/docs_page.hpp"
#include "embedded/docs_script.hpp"
#include "embedded/openapi_common.hpp"
#include "embedded/openapi_operator.hpp"
#include "embedded/openapi_order.hpp"
#include "embedded/openapi_payment.hpp"
#include "embedded/openapi_product.hpp"
#include "embedded/openapi_user.hpp"

namespace buyme::app {

namespace json = boost::json;
using http::Access;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::string_view services[] = {embedded::openapi_user, embedded::openapi_product,
                                         embedded::openapi_order, embedded::openapi_payment,
                                         embedded::openapi_operator};

std::optional<Error> error_of(std::string_view code) {
  for (int i = 0; i <= static_cast<int>(Error::internal); ++i) {
    if (error_info(static_cast<Error>(i)).code == code) return static_cast<Error>(i);
  }
  return std::nullopt;
}

json::value reference(std::string_view path) {
  return json::object{{"$ref", path}};
}

// Adds the members of `from`; one that is there already would hide another.
void merge(json::object& into, const json::object& from, std::string_view what) {
  for (const auto& [name, value] : from) {
    if (!into.emplace(name, value).second) {
      throw std::logic_error(std::string(what) + " described twice: " + std::string(name));
    }
  }
}

json::object example_of(const ErrorInfo& info) {
  std::string slug;
  for (const char c : info.code) slug += c == '_' ? '-' : static_cast<char>(c | 0x20);
  return {{"value", json::object{{"type", "/problems/" + slug},
                                 {"title", info.title},
                                 {"status", info.http_status},
                                 {"detail", std::string(info.title) + "; what to do now."},
                                 {"code", info.code},
                                 {"requestId", "c89795650f29-1"}}}};
}

// One response for all problems of one status.
json::object response_of(std::span<const Error> errors) {
  std::string description;
  json::array codes;
  json::object examples;
  for (const Error error : errors) {
    const ErrorInfo& info = error_info(error);
    if (!description.empty()) description += "; ";
    description.append(info.code).append(": ").append(info.title);
    codes.emplace_back(info.code);
    examples[info.code] = example_of(info);
  }
  json::object response{{"description", description}};
  const int status = error_info(errors.front()).http_status;
  if (status == 429 || status == 503) {
    response["headers"] = json::object{{"Retry-After", reference("#/components/headers/Retry-After")}};
  }
  const json::object code{{"properties", json::object{{"code", json::object{{"enum", codes}}}}}};
  const json::object schema{{"allOf", json::array{reference("#/components/schemas/Problem"), code}}};
  response["content"] =
      json::object{{"application/problem+json", json::object{{"schema", schema}, {"examples", examples}}}};
  return response;
}

void add_problems(json::object& operation, std::string_view access) {
  std::map<int, std::vector<Error>> by_status;
  const auto add = [&by_status](std::string_view code) {
    const auto error = error_of(code);
    if (!error) throw std::logic_error("no such problem: " + std::string(code));
    by_status[error_info(*error).http_status].push_back(*error);
  };
  if (access != "anyone") add("UNAUTHENTICATED");
  if (access == "admin" || access == "operator") add("FORBIDDEN");
  if (const auto* named = operation.if_contains("x-problems")) {
    for (const auto& code : named->as_array()) add(std::string_view(code.as_string()));
  }
  operation.erase("x-problems");
  json::object& responses = operation.at("responses").as_object();
  for (const auto& [status, errors] : by_status) responses[std::to_string(status)] = response_of(errors);
  responses["default"] = reference("#/components/responses/Problem");
}

void complete(json::object& operation) {
  const std::string access(operation.at("x-access").as_string());
  const json::object bearer{{"bearer", json::array{}}};
  json::array security;
  if (access == "operator") security.emplace_back(json::object{});
  if (access != "anyone") security.emplace_back(bearer);
  operation["security"] = security;
  add_problems(operation, access);
}

std::string make_document() {
  json::object document = json::parse(embedded::openapi_common).as_object();
  json::object& paths = document.at("paths").as_object();
  json::object& schemas = document.at("components").as_object().at("schemas").as_object();
  for (const std::string_view text : services) {
    const json::object service = json::parse(text).as_object();
    merge(schemas, service.at("components").at("schemas").as_object(), "schema");
    for (const auto& [path, operations] : service.at("paths").as_object()) {
      // Two services may serve different methods of one path.
      json::object& there = paths.emplace(path, json::object{}).first->value().as_object();
      merge(there, operations.as_object(), std::string(path));
    }
  }
  for (auto& path : paths) {
    for (auto& operation : path.value().as_object()) complete(operation.value().as_object());
  }
  return json::serialize(document);
}

Awaitable<void> show_document(ApiDocs& docs, const Request&, Response& response) {
  response.body = docs.document();
  co_return;
}

Awaitable<void> show_page(ApiDocs&, const Request&, Response& response) {
  response.content_type = "text/html; charset=utf-8";
  // The page is ours down to the last byte: nothing is fetched from elsewhere, nothing inline is run.
  response.header("Content-Security-Policy",
                  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.body = embedded::docs_page;
  co_return;
}

Awaitable<void> show_script(ApiDocs&, const Request&, Response& response) {
  response.content_type = "text/javascript; charset=utf-8";
  response.body = embedded::docs_script;
  co_return;
}

constexpr http::Endpoint<ApiDocs> table[] = {
    {Method::get, "/openapi.json", Access::anyone, show_document},
    {Method::get, "/docs", Access::anyone, show_page},
    {Method::get, "/docs/page.js", Access::anyone, show_script},
};

}  // namespace

ApiDocs::ApiDocs() : document_(make_document()) {}

std::span<const http::Endpoint<ApiDocs>> documentation_endpoints() {
  return table;
}

}  // namespace buyme::app
