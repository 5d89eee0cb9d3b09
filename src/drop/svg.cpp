#include "drop/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace buyme::drop {

namespace {

constexpr double left = 58, right = 14, top = 14, bottom = 26;  // around the plot, in pixels

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters have no place in XML, not even escaped.
        if (static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

std::vector<double> linear_ticks(double from, double to, int wanted) {
  if (!(to > from) || wanted < 1) return {from};
  const double rough = (to - from) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (power * factor >= rough) step = power * factor;
  }
  std::vector<double> ticks;
  for (double i = std::ceil(from / step - 1e-9); i * step <= to + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

Chart::Chart(int width, int height, Axis x, Axis y, std::string_view description)
    : width_(width), height_(height), x_(std::move(x)), y_(std::move(y)) {
  svg_ = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">)", width, height,
                     escape_html(description));
  draw_axes();
}

double Chart::place(const Axis& axis, double value, double low, double high) const {
  const bool logarithmic = axis.scale == Scale::logarithmic;
  const auto scaled = [&](double v) { return logarithmic ? std::log10(std::max(v, 1e-9)) : v; };
  const double span = scaled(axis.to) - scaled(axis.from);
  const double share = span > 0 ? (scaled(value) - scaled(axis.from)) / span : 0;
  return low + (high - low) * std::clamp(share, 0.0, 1.0);
}

double Chart::x_of(double value) const {
  return place(x_, value, left, width_ - right);
}
double Chart::y_of(double value) const {
  return place(y_, value, height_ - bottom, top);
}

void Chart::draw_axes() {
  auto out = std::back_inserter(svg_);
  for (const double tick : y_.ticks) {
    const double y = y_of(tick);
    fmt::format_to(out, R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", left,
                   width_ - right, y, y);
    fmt::format_to(out, R"(<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 8,
                   y + 4, escape_html(y_.label(tick)));
  }
  for (const double tick : x_.ticks) {
    fmt::format_to(out, R"(<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x_of(tick),
                   height_ - 6, escape_html(x_.label(tick)));
  }
}

void Chart::area(const std::vector<Point>& upper, const std::vector<Point>& lower, std::string_view css) {
  auto out = std::back_inserter(svg_);
  fmt::format_to(out, R"(<path class="{}" d=")", css);
  char command = 'M';
  for (const auto& point : upper) {
    fmt::format_to(out, "{}{:.1f} {:.1f}", command, x_of(point.x), y_of(point.y));
    command = 'L';
  }
  for (auto point = lower.rbegin(); point != lower.rend(); ++point) {
    fmt::format_to(out, "L{:.1f} {:.1f}", x_of(point->x), y_of(point->y));
  }
  svg_ += R"(Z"/>)";
}

void Chart::line(const std::vector<Point>& points, std::string_view css) {
  auto out = std::back_inserter(svg_);
  fmt::format_to(out, R"(<polyline class="{}" points=")", css);
  for (const auto& point : points) fmt::format_to(out, "{:.1f},{:.1f} ", x_of(point.x), y_of(point.y));
  svg_ += R"("/>)";
}

void Chart::bar(double from_x, double to_x, double height_y, std::string_view css,
                std::string_view tip_text) {
  const double x = x_of(from_x);
  const double gap = 1;
  fmt::format_to(std::back_inserter(svg_),
                 R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5">)"
                 R"(<title>{}</title></rect>)",
                 css, x, y_of(height_y), std::max(1.0, x_of(to_x) - x - gap), y_of(y_.from) - y_of(height_y),
                 escape_html(tip_text));
}

void Chart::marker(double x, std::string_view label, int row) {
  const double at = x_of(x);
  const bool near_edge = at > width_ - 80;
  fmt::format_to(std::back_inserter(svg_),
                 R"(<line class="marker" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>)"
                 R"(<text class="marker-label" x="{:.1f}" y="{}" text-anchor="{}">{}</text>)",
                 at, at, top - 6, height_ - bottom, near_edge ? at - 4 : at + 4, top + 3 + 14 * row,
                 near_edge ? "end" : "start", escape_html(label));
}

void Chart::level(double y, std::string_view label) {
  fmt::format_to(std::back_inserter(svg_),
                 R"(<line class="marker" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)"
                 R"(<text class="marker-label" x="{}" y="{:.1f}">{}</text>)",
                 left, width_ - right, y_of(y), y_of(y), left + 6, y_of(y) - 5, escape_html(label));
}

void Chart::tip(double from_x, double to_x, std::string_view text) {
  fmt::format_to(std::back_inserter(svg_),
                 R"(<rect class="tip" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>)",
                 x_of(from_x), top, std::max(0.5, x_of(to_x) - x_of(from_x)), height_ - top - bottom,
                 escape_html(text));
}

std::string Chart::finish() && {
  svg_ += "</svg>";
  return std::move(svg_);
}

}  // namespace buyme::drop
