// The description of the HTTP API: /openapi.json, and a page to read it and try it.
//
// Its source is one file per service in src/http/openapi. An endpoint says there who may call it ("x-access")
// and which problems it answers with ("x-problems": codes of core/error.cpp); status, title and example of
// each, and what follows from the access, are added here, so that they cannot be told differently from what
// the server does. A test holds the description against the routing tables.
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
