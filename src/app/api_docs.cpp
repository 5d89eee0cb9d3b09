#include "app/api_docs.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>
#include <set>

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

struct Source {
  std::string_view tag;
  std::string_view text;
};
constexpr Source sources[] = {{"user", embedded::openapi_user},
                              {"product", embedded::openapi_product},
                              {"order", embedded::openapi_order},
                              {"payment", embedded::openapi_payment},
                              {"operator", embedded::openapi_operator}};

constexpr std::string_view of_any_body[] = {"INVALID", "MALFORMED", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"};
constexpr std::string_view of_any_service[] = {"OVERLOADED", "STORE_UNAVAILABLE"};
constexpr std::string_view of_any_change[] = {"INVALID", "RATE_LIMITED", "SHUTTING_DOWN"};

std::optional<Error> error_of(std::string_view code) {
  for (int i = 0; i < error_count; ++i) {
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

// As the server itself would write it.
json::object example_of(Error error) {
  Response response;
  http::write_problem(response, Failure(error, "What happened, and what to do now."), "c89795650f29-1");
  return {{"value", json::parse(response.body)}};
}

json::object all_examples() {
  json::object examples;
  for (int i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    examples[error_info(error).code] = example_of(error);
  }
  return examples;
}

// What an operation may answer with beside success: by status, each error once and in the order of the enum.
class Problems {
 public:
  void add(std::string_view code) {
    const auto error = error_of(code);
    if (!error) throw std::logic_error("no such problem: " + std::string(code));
    by_status_[error_info(*error).http_status].insert(*error);
  }
  void add(std::span<const std::string_view> codes) {
    for (const std::string_view code : codes) add(code);
  }

  void append_to(json::object& responses) const {
    for (const auto& [status, errors] : by_status_)
      responses[std::to_string(status)] = response(status, errors);
    responses["default"] = reference("#/components/responses/Problem");
  }

 private:
  static json::object response(int status, const std::set<Error>& errors) {
    std::string description;
    json::array codes;
    json::object examples;
    for (const Error error : errors) {
      const ErrorInfo& info = error_info(error);
      if (!description.empty()) description += "; ";
      description.append(info.code).append(": ").append(info.title);
      codes.emplace_back(info.code);
      examples[info.code] = reference("#/components/examples/" + std::string(info.code));
    }
    json::object made{{"description", description}};
    if (status == 429 || status == 503) {
      made["headers"] = json::object{{"Retry-After", reference("#/components/headers/Retry-After")}};
    }
    const json::object code{{"properties", json::object{{"code", json::object{{"enum", codes}}}}}};
    const json::object schema{{"allOf", json::array{reference("#/components/schemas/Problem"), code}}};
    made["content"] =
        json::object{{"application/problem+json", json::object{{"schema", schema}, {"examples", examples}}}};
    return made;
  }

  std::map<int, std::set<Error>> by_status_;
};

bool has_parameter(const json::object& operation, std::string_view name) {
  const auto* parameters = operation.if_contains("parameters");
  if (parameters == nullptr) return false;
  return std::ranges::any_of(parameters->as_array(), [name](const json::value& parameter) {
    const auto* pointer = parameter.as_object().if_contains("$ref");
    return pointer != nullptr && std::string_view(pointer->as_string()).ends_with(name);
  });
}

// {names} of the path are parameters of all its operations.
json::array parameters_of(std::string_view path) {
  json::array parameters;
  for (std::size_t at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
    const std::string_view name = path.substr(at + 1, path.find('}', at) - at - 1);
    parameters.push_back(reference("#/components/parameters/" + std::string(name)));
  }
  return parameters;
}

Problems problems_of(const json::object& operation, std::string_view path, std::string_view method) {
  Problems problems;
  const std::string_view access(operation.at("x-access").as_string());
  if (access != "anyone") problems.add("UNAUTHENTICATED");
  if (access == "admin" || access == "operator") problems.add("FORBIDDEN");
  if (path.find('{') != path.npos) problems.add("NOT_FOUND");
  if (operation.contains("requestBody")) problems.add(of_any_body);
  if (operation.contains("parameters")) problems.add("INVALID");
  if (has_parameter(operation, "Idempotency-Key")) problems.add("IDEMPOTENCY_MISMATCH");
  if (has_parameter(operation, "If-Match")) problems.add("PRECONDITION_FAILED");
  if (has_parameter(operation, "requiredIfMatch")) problems.add("PRECONDITION_REQUIRED");
  if (path.starts_with("/api/")) problems.add(of_any_service);
  if (method != "get") problems.add(of_any_change);
  if (const auto* named = operation.if_contains("x-problems")) {
    for (const auto& code : named->as_array()) problems.add(std::string_view(code.as_string()));
  }
  return problems;
}

// Successes of what changes something say how much more the account may do at once.
void add_rate_headers(json::object& responses) {
  for (auto& [status, response] : responses) {
    json::value& headers = response.as_object()["headers"];
    if (!headers.is_object()) headers = json::object();
    for (const char* name : {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}) {
      headers.as_object()[name] = reference(std::string("#/components/headers/") + name);
    }
  }
}

void complete(json::object& operation, std::string_view path, std::string_view method, std::string_view tag) {
  const std::string access(operation.at("x-access").as_string());
  operation["tags"] = json::array{tag};
  json::array security;
  if (access != "anyone") security.emplace_back(json::object{{"bearer", json::array{}}});
  operation["security"] = security;
  json::object& responses = operation.at("responses").as_object();
  if (method != "get" && access != "anyone") add_rate_headers(responses);
  problems_of(operation, path, method).append_to(responses);
  operation.erase("x-problems");
}

std::string make_document() {
  json::object document = json::parse(embedded::openapi_common).as_object();
  document.at("info").as_object()["version"] = BUYME_VERSION;
  json::object& paths = document.at("paths").as_object();
  json::object& components = document.at("components").as_object();
  components["examples"] = all_examples();
  json::object& schemas = components.at("schemas").as_object();
  for (const auto& [tag, text] : sources) {
    json::object service = json::parse(text).as_object();
    merge(schemas, service.at("components").at("schemas").as_object(), "schema");
    for (auto& [path, operations] : service.at("paths").as_object()) {
      for (auto& [method, operation] : operations.as_object()) {
        complete(operation.as_object(), path, method, tag);
      }
      // Two services may serve different methods of one path.
      json::object& there = paths.emplace(path, json::object{}).first->value().as_object();
      merge(there, operations.as_object(), std::string(path));
      if (auto parameters = parameters_of(path); !parameters.empty()) there["parameters"] = parameters;
    }
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
