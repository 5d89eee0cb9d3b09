// The pages for browsers: the files that web/ is built into.
//
// All of them are read when the shop starts and served from memory, so a request names a file that was there
// or none: no path of a request ever reaches the file system. A new build is served after the next start.
//
// Every page of the shop is the same document (index.html), which looks at its address; it is answered at the
// paths of the table below and nowhere else, so what is no page stays a 404. Files under /assets/ carry their
// content's hash in their names and are kept by browsers for ever; the document is asked for anew each time
// and answered 304 while it is the same. deploy/nginx serves the same files in the same way where servers
// have roles.
//
// Thread safety: read-only after construction.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/endpoint.hpp"

namespace buyme::app {

class WebPages {
 public:
  struct File {
    std::string_view content_type;
    std::string plain;
    std::string packed;  // gzip, from the file of the same name with .gz behind it; empty when there is none
    std::string tag;     // ETag
  };

  // Reads all files below `directory`; symbolic links in it are left out. Throws std::runtime_error when
  // there is no index.html or when there is more than limits::max_pages_bytes.
  explicit WebPages(const std::string& directory);

  // The file of the path of a request, as "/assets/index-1a2b.js"; nullptr when there is none.
  const File* find(std::string_view path) const;
  const File& document() const { return *find("/index.html"); }

 private:
  std::map<std::string, File, std::less<>> files_;
};

// Of `directory`, which must have them; of an empty one those beside the program, if there are any: web/ in
// its directory, or ../share/buyme/web where it is installed.
std::optional<WebPages> find_pages(const std::string& directory);

// Whether an Accept-Encoding takes gzip.
bool takes_gzip(std::string_view accept_encoding);

std::span<const http::Endpoint<WebPages>> page_endpoints();

}  // namespace buyme::app
