#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include "drop/svg.hpp"
#include "drop/timeline.hpp"
#include "drop/wording.hpp"

namespace buyme::drop {
namespace {

Verdict sample_verdict() {
  Verdict verdict;
  verdict.passed = true;
  verdict.checks = {{"exactly sold", true, "2 committed"},
                    {"per-user limit held", true, "limit 1 & <none> over"}};
  verdict.counts.buyers = 10'000;
  verdict.counts.ordered = 2;
  verdict.stock_before = {.total = 2, .available = 2};
  verdict.stock = {.total = 2, .held = 1, .sold = 1, .sold_out = true};
  verdict.product_id = 5;
  verdict.sell_seconds = 0.5;
  verdict.seconds = 1.5;
  const std::vector<Sample> samples{{Sample::Kind::ordered, 400'000, 400'000},
                                    {Sample::Kind::ordered, 500'000, 500'000},
                                    {Sample::Kind::overloaded, 600'000, 0},
                                    {Sample::Kind::sold_out, 700'000, 1'000},
                                    {Sample::Kind::paid, 1'500'000, 2'000}};
  for (const auto& sample : samples) {
    if (sample.kind == Sample::Kind::paid) verdict.pay.add(sample.latency_us);
    if (sample.kind <= Sample::Kind::other) verdict.place.add(sample.latency_us);
  }
  verdict.timeline = make_timeline({0, 650'000, 0}, samples, 10);
  return verdict;
}

// "" when every tag that opens is closed in order and every attribute is quoted, else what is wrong.
std::string markup_problem(std::string_view text) {
  std::vector<std::string> open;
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
    const auto end = text.find('>', at);
    if (end == std::string_view::npos) return "a tag that does not end";
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('!') || tag.ends_with('/')) continue;
    if (tag.find('<') != std::string_view::npos) return "a < in a tag";
    if (std::count(tag.begin(), tag.end(), '"') % 2) return "an open quote in " + std::string(tag);
    const std::string name(
        tag.substr(tag.starts_with('/') ? 1 : 0, tag.find(' ') - (tag.starts_with('/') ? 1 : 0)));
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

TEST(Timeline, PutsEveryClickAndAnswerIntoOneSlice) {
  const auto timeline = sample_verdict().timeline;
  ASSERT_EQ(timeline.size(), 10u);
  std::int64_t clicks = 0, ordered = 0;
  for (const auto& slice : timeline) clicks += slice.clicks, ordered += slice.ordered;
  EXPECT_EQ(clicks, 3);
  EXPECT_EQ(ordered, 2);
  EXPECT_EQ(timeline[0].clicks, 2);
  EXPECT_EQ(timeline[9].paid, 1);
  EXPECT_EQ(timeline[4].sold_out, 1);
  EXPECT_EQ(timeline[4].overloaded, 0);
  EXPECT_EQ(timeline[3].overloaded, 1);
  EXPECT_EQ(timeline[4].max_us, 1'000);
  EXPECT_NEAR(timeline[9].to_s, 1.5, 0.01);
}

TEST(Timeline, IsEmptyWhenNothingHappened) {
  EXPECT_TRUE(make_timeline({}, {}, 10).empty());
}

TEST(Wording, WritesNumbersAsPeopleDo) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(-1'234'567), "-1,234,567");
  EXPECT_EQ(as_duration(850), "850 µs");
  EXPECT_EQ(as_duration(1'234), "1.23 ms");
  EXPECT_EQ(as_duration(45'678), "45.7 ms");
  EXPECT_EQ(as_duration(456'789), "457 ms");
  EXPECT_EQ(as_duration(12'345'678), "12.35 s");
}

TEST(Ticks, AreRoundAndCoverTheAxis) {
  EXPECT_EQ(linear_ticks(0, 700, 5), (std::vector<double>{0, 200, 400, 600}));
  EXPECT_EQ(linear_ticks(0, 10'000, 5), (std::vector<double>{0, 2'000, 4'000, 6'000, 8'000, 10'000}));
  EXPECT_EQ(linear_ticks(0, 0, 5), (std::vector<double>{0}));
}

TEST(TextReport, EndsInTheVerdict) {
  Verdict verdict = sample_verdict();
  EXPECT_TRUE(render_text({}, verdict, false).ends_with("\nVERDICT: PASSED\n"));
  verdict.passed = verdict.checks[1].passed = false;
  const std::string text = render_text({}, verdict, false);
  EXPECT_TRUE(text.ends_with("\nVERDICT: FAILED (1 of 2 checks)\n"));
  EXPECT_NE(text.find("✓ exactly sold"), std::string::npos);
  EXPECT_NE(text.find("✗ per-user limit held"), std::string::npos);
  EXPECT_NE(text.find("p99.9"), std::string::npos);
}

TEST(TextReport, HasColourOnlyWhenAsked) {
  EXPECT_EQ(render_text({}, sample_verdict(), false).find('\033'), std::string::npos);
  EXPECT_NE(render_text({}, sample_verdict(), true).find('\033'), std::string::npos);
}

TEST(JsonReport, HoldsEveryNumberAndCheck) {
  const auto root = boost::json::parse(render_json({}, sample_verdict())).as_object();
  EXPECT_TRUE(root.at("passed").as_bool());
  EXPECT_EQ(root.at("checks").as_array().size(), 2u);
  EXPECT_EQ(root.at("counts").at("buyers").as_int64(), 10'000);
  EXPECT_EQ(root.at("place").at("maxUs").as_int64(), 500'000);
  EXPECT_EQ(root.at("pay").at("count").as_int64(), 1);
  EXPECT_EQ(root.at("stock").at("sold").as_int64(), 1);
  EXPECT_EQ(root.at("timeline").as_array().size(), 10u);
  EXPECT_EQ(root.at("settings").at("arrival").as_string(), "burst");
}

TEST(JsonReport, KeepsTokensToItself) {
  Settings settings;
  settings.admin_token = "secret-admin";
  settings.buyer_list = {{1, "secret-buyer"}};
  EXPECT_EQ(render_json(settings, sample_verdict()).find("secret"), std::string::npos);
  EXPECT_EQ(render_html(settings, sample_verdict()).find("secret"), std::string::npos);
}

TEST(HtmlReport, IsWellFormedAndAlone) {
  Settings settings;
  settings.pay = true;
  const std::string html = render_html(settings, sample_verdict());
  EXPECT_EQ(markup_problem(html), "");
  EXPECT_NE(html.find("limit 1 &amp; &lt;none&gt; over"), std::string::npos);
  for (const char* foreign : {"src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_EQ(html.find(foreign), std::string::npos) << foreign;
  }
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
}

TEST(HtmlReport, CopesWithASaleInWhichNothingHappened) {
  const std::string html = render_html({}, Verdict{});
  EXPECT_EQ(markup_problem(html), "");
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(Report, WritesTheFilesAndReturnsTheExitStatus) {
  Settings settings;
  settings.json_path = testing::TempDir() + "/drop_report_test.json";
  settings.html_path = testing::TempDir() + "/drop_report_test.html";
  std::ostringstream out;
  Verdict verdict = sample_verdict();
  EXPECT_EQ(report(settings, verdict, out), 0);
  std::ifstream json(settings.json_path);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(json), {}}), render_json(settings, verdict));
  verdict.passed = false;
  EXPECT_EQ(report(settings, verdict, out), 1);
  std::remove(settings.json_path.c_str());
  std::remove(settings.html_path.c_str());
  settings.json_path = "/nonexistent/report.json";
  EXPECT_THROW(report(settings, verdict, out), DropError);
}

}  // namespace
}  // namespace buyme::drop
