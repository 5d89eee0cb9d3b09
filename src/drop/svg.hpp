// A line and area chart as inline SVG: styled by the classes of the page around it, so it follows its
// colours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace buyme::drop {

std::string escape_html(std::string_view text);

struct Point {
  double x = 0;
  double y = 0;
};

// Round values between which an axis of about `wanted` ticks runs: 0, 200, 400 ...
std::vector<double> linear_ticks(double from, double to, int wanted);

class Chart {
 public:
  enum class Scale { linear, logarithmic };
  struct Axis {
    double from = 0;
    double to = 1;
    Scale scale = Scale::linear;
    std::vector<double> ticks;
    std::string (*label)(double value) = nullptr;
  };

  Chart(int width, int height, Axis x, Axis y, std::string_view description);

  // `css` is the class of the shape. Values beyond the axes are drawn at their edge.
  void area(const std::vector<Point>& upper, const std::vector<Point>& lower, std::string_view css);
  void line(const std::vector<Point>& points, std::string_view css);
  void bar(double from_x, double to_x, double height_y, std::string_view css, std::string_view tip);
  // A vertical line through the plot, or one across it. Labels of several go on rows 0, 1, ... from the top.
  void marker(double x, std::string_view label, int row = 0);
  void level(double y, std::string_view label);
  // An invisible strip over the whole height that shows `tip` under the pointer.
  void tip(double from_x, double to_x, std::string_view tip);

  std::string finish() &&;

 private:
  double place(const Axis& axis, double value, double low, double high) const;
  double x_of(double value) const;
  double y_of(double value) const;
  void draw_axes();

  int width_;
  int height_;
  Axis x_;
  Axis y_;
  std::string svg_;
};

}  // namespace buyme::drop
