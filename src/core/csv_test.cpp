#include "core/csv.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace buyme::csv {
namespace {

constexpr ReadLimits many{1'000, 32};
using Cells = std::vector<std::string>;

std::string row(const Cells& cells) {
  std::string out;
  append_row(out, cells);
  return out;
}

TEST(Csv, CellsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(row({"plain", "", "신발"}), "plain,,신발\r\n");
  EXPECT_EQ(row({"a,b", "say \"hi\"", "two\nlines"}), "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n");
}

TEST(Csv, NothingThatIsWrittenRunsInASpreadsheet) {
  EXPECT_EQ(row({"=1+1"}), "\"'=1+1\"\r\n");
  EXPECT_EQ(row({"=HYPERLINK(\"x\",\"y\")"}), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
  for (const char* hostile : {"+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "'=1"}) {
    const std::string written = row({hostile});
    EXPECT_EQ(written.substr(0, 2), "\"'") << hostile;
    const auto read_back = read(written, many);
    ASSERT_TRUE(read_back) << hostile;
    EXPECT_EQ(read_back->at(0).cells, Cells{hostile});
  }
}

TEST(Csv, WhatWasWrittenIsWhatIsRead) {
  const std::vector<std::string> pieces{"a", "'", "=", ",", "\"", "\r\n", "\n", "-", "신", " ", "\t", "''"};
  Random random(7, "csv");
  std::string text(bom);
  std::vector<Cells> written;
  for (int i = 0; i < 500; ++i) {
    Cells cells(1 + random.below(5));
    for (auto& cell : cells) {
      for (auto left = random.below(5); left > 0; --left) cell += pieces[random.below(pieces.size())];
    }
    cells.push_back("end");  // a line of one empty cell would be skipped
    append_row(text, cells);
    written.push_back(std::move(cells));
  }
  const auto rows = read(text, many);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) EXPECT_EQ((*rows)[i].cells, written[i]);
}

TEST(Csv, LinesAreCountedAsAnEditorCountsThem) {
  const auto rows = read("a,b\n\n\"x\r\ny\",2\r\nlast", many);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[1].line, 3u);
  EXPECT_EQ((*rows)[1].cells, (Cells{"x\r\ny", "2"}));
  EXPECT_EQ((*rows)[2].line, 5u);
  EXPECT_EQ(read("", many)->size(), 0u);
  EXPECT_EQ(read("a,\n", many)->at(0).cells, (Cells{"a", ""}));
}

TEST(Csv, WhatIsNoCsvIsRefusedWithItsLine) {
  const std::pair<const char*, const char*> broken[] = {
      {"a\nb\"c\n", "lines[2]"}, {"a\n\"b\nc", "lines[2]"},     {"\"a\"b", "lines[1]"},
      {"a\rb", "lines[1]"},      {"1\n2\n3\n4\n5", "lines[5]"}, {"a\n1,2,3,4,5", "lines[2]"},
  };
  for (const auto& [text, line] : broken) {
    const auto rows = read(text, {4, 4});
    ASSERT_FALSE(rows) << text;
    EXPECT_EQ(rows.error().error, Error::invalid);
    EXPECT_EQ(rows.error().fields.at(0).field, line) << text;
  }
}

}  // namespace
}  // namespace buyme::csv
