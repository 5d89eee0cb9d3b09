#include <fstream>
#include <ostream>

#include "drop/drop.hpp"

namespace buyme::drop {

namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw DropError(path + ": cannot be written");
}

}  // namespace

int report(const Settings& settings, const Verdict& verdict, std::ostream& out) {
  // The files first: the verdict is to be the last line.
  if (!settings.json_path.empty()) write_file(settings.json_path, render_json(settings, verdict));
  if (!settings.html_path.empty()) write_file(settings.html_path, render_html(settings, verdict));
  out << render_text(settings, verdict, settings.terminal) << std::flush;
  return verdict.passed ? 0 : 1;
}

}  // namespace buyme::drop
