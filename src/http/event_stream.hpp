// What a handler leaves in its response to go on telling the caller what changes (text/event-stream).
#pragma once

#include <string>

namespace buyme::http {

// Belongs to one listener and lives on its I/O thread.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // Appends, as whole events, what the listener has not been told yet; nothing when there is nothing new.
  // Only the newest state counts: a listener that reads slowly is asked for less often. Must not block.
  virtual void append_news(std::string& out) = 0;
};

}  // namespace buyme::http
