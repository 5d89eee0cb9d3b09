// The description of the API against the routing tables: neither knows an endpoint that the other does not.
#include "app/api_docs.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <set>

#include "app/operator_desk.hpp"
#include "app/rehearsal_desk.hpp"
#include "order/endpoints.hpp"
#include "payment/endpoints.hpp"
#include "product/endpoints.hpp"
#include "user/endpoints.hpp"

namespace buyme::app {

namespace {

namespace json = boost::json;

const json::object& document() {
  static const json::object parsed = json::parse(ApiDocs().document()).as_object();
  return parsed;
}

std::string access_name(http::Access access) {
  switch (access) {
    case http::Access::anyone:
      return "anyone";
    case http::Access::user:
      return "user";
    case http::Access::admin:
      return "admin";
    case http::Access::operator_:
      return "operator";
    case http::Access::internal:
      return "internal";
  }
  return "?";
}

using Table = std::map<std::string, std::string>;  // "GET /path" -> who

template <class Service>
void add(Table& table, std::span<const http::Endpoint<Service>> endpoints) {
  for (const auto& endpoint : endpoints) {
    table[std::string(http::method_name(endpoint.method)) + " " + std::string(endpoint.path)] =
        access_name(endpoint.access);
  }
}

template <class Visit>
void for_each_operation(Visit visit) {
  for (const auto& [path, operations] : document().at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      if (method == "parameters") continue;
      std::string name(method);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
      visit(name + " " + std::string(path), operation.as_object());
    }
  }
}

TEST(ApiDocs, DescribesEveryRouteOfTheTablesAndNothingElse) {
  Table mounted, described;
  add(mounted, user::endpoints());
  add(mounted, user::ending_endpoints());
  add(mounted, product::endpoints());
  add(mounted, order::endpoints());
  add(mounted, payment::endpoints());
  add(mounted, payment::record_endpoints());
  add(mounted, operator_endpoints());
  add(mounted, audit_endpoints());
  add(mounted, rehearsal_endpoints());
  add(mounted, documentation_endpoints());
  for_each_operation([&](const std::string& route, const json::object& operation) {
    described[route] = std::string(operation.at("x-access").as_string());
  });
  EXPECT_EQ(described, mounted);
}

TEST(ApiDocs, EveryOperationHasWhatAClientNeeds) {
  std::set<std::string> ids;
  for_each_operation([&](const std::string& route, const json::object& operation) {
    EXPECT_FALSE(operation.at("summary").as_string().empty()) << route;
    EXPECT_EQ(operation.at("tags").as_array().size(), 1U) << route;
    EXPECT_TRUE(ids.emplace(operation.at("operationId").as_string()).second) << route;
    const auto& responses = operation.at("responses").as_object();
    EXPECT_TRUE(responses.contains("200") || responses.contains("201") || responses.contains("204")) << route;
  });
}

void expect_references(const json::value& value) {
  if (value.is_array()) {
    for (const auto& each : value.as_array()) expect_references(each);
  }
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.as_object()) {
    if (name == "$ref") {
      boost::system::error_code failed;
      const std::string pointer(member.as_string().subview(1));
      EXPECT_NE(json::value(document()).find_pointer(pointer, failed), nullptr) << pointer;
    } else {
      expect_references(member);
    }
  }
}

TEST(ApiDocs, EveryNameInAPathIsAParameter) {
  for (const auto& [path, item] : document().at("paths").as_object()) {
    const std::string_view text(path);
    const auto names = std::count(text.begin(), text.end(), '{');
    const auto* parameters = item.as_object().if_contains("parameters");
    EXPECT_EQ(parameters == nullptr ? 0 : std::ptrdiff_t(parameters->as_array().size()), names) << text;
  }
}

TEST(ApiDocs, EveryReferenceLeadsSomewhere) {
  expect_references(document());
}

TEST(ApiDocs, EveryProblemIsDescribedSomewhere) {
  // By an operation, or by what is said of them all.
  const json::object& components = document().at("components").as_object();
  std::string said(components.at("responses").at("Problem").at("description").as_string());
  for_each_operation([&](const std::string&, const json::object& operation) {
    for (const auto& [status, response] : operation.at("responses").as_object()) {
      if (status < "400" || status == "default") continue;
      said += std::string(response.at("description").as_string()) + ";";
    }
  });
  for (int i = 0; i < error_count; ++i) {
    const auto code = error_info(static_cast<Error>(i)).code;
    EXPECT_NE(said.find(code), std::string::npos) << code;
  }
}

TEST(ApiDocs, WhoMayCallIsWhatTheSecurityOfAnOperationSays) {
  for_each_operation([](const std::string& route, const json::object& operation) {
    const auto& access = operation.at("x-access").as_string();
    const auto& responses = operation.at("responses").as_object();
    const auto alternatives = operation.at("security").as_array().size();
    EXPECT_EQ(alternatives, access == "anyone" ? 0U : 1U) << route;
    EXPECT_TRUE(access == "anyone" || access == "user" || responses.contains("403")) << route;
    EXPECT_TRUE(access == "anyone" || responses.contains("401")) << route;
    EXPECT_FALSE(operation.contains("x-problems")) << route;
  });
}

}  // namespace

}  // namespace buyme::app
