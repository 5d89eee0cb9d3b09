// The description of the HTTP API: /openapi.json, and a page to read it and try it.
//
// Its sources are src/<service>/openapi.json, beside the routing tables. An operation says there who may call
// it ("x-access") and which problems it answers with of its own ("x-problems": codes of core/error.cpp). What
// follows from its access, path, parameters and body is added here, as are status, title and example of each
// problem, so that they cannot be told differently from what the server does. A test holds the description
// against the routing tables; `make fuzz-api` holds the server's answers against the description.
#pragma once

#include <span>
#include <string>

#include "http/endpoint.hpp"

namespace buyme::app {

class ApiDocs {
 public:
  // Throws std::logic_error when the sources contradict each other or name a problem that does not exist.
  ApiDocs();

  const std::string& document() const { return document_; }

 private:
  std::string document_;
};

std::span<const http::Endpoint<ApiDocs>> documentation_endpoints();

}  // namespace buyme::app
