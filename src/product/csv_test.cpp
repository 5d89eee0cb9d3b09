// Export and import of the catalogue.
#include <fmt/format.h>

#include "core/csv.hpp"
#include "core/limits.hpp"
#include "product/codec_csv.hpp"
#include "product/test_catalogue.hpp"

namespace buyme::product {
namespace {

constexpr std::string_view header =
    "productId,productName,productDescription,productPrice,productStock,productType\n";

class CsvTest : public CatalogueTest {
 protected:
  Answer import(const std::string& text, std::string_view key = "") {
    return post("/api/admin/products/import", text, {.key = key, .content_type = "text/csv; charset=utf-8"});
  }
  Answer import_lines(const std::string& lines, std::string_view key = "") {
    return import(std::string(header) + lines, key);
  }
  std::string exported() { return get("/api/admin/products.csv").body; }
  static std::vector<std::string> results(const Answer& answer) {
    std::vector<std::string> found;
    for (const auto& line : answer.array("lines")) {
      found.push_back(fmt::format("{}:{}:{}", line.at("line").as_int64(), line.at("productId").as_int64(),
                                  line.at("result").as_string().c_str()));
    }
    return found;
  }
};

INSTANTIATE_TEST_SUITE_P(Databases, CsvTest, test::both_databases(), test::kind_name);

TEST_P(CsvTest, AnExportIsForSpreadsheetsAndRunsNothingInThem) {
  const std::string_view hostile =
      R"x({"productName":"=HYPERLINK(\"http://x\",\"y\")","productDescription":"a, \"b\"",)x"
      R"x("productPrice":1,"productStock":5,"productType":"NORMAL"})x";
  ASSERT_EQ(post("/api/products", hostile).status, 201);
  sale(1).held = 2;
  sale(1).sold = 1;
  const std::string text = exported();
  EXPECT_EQ(text.substr(0, 3), csv::bom);
  const std::string expected =
      "\xEF\xBB\xBFproductId,productName,productDescription,productPrice,productStock,productType,state,"
      "opensAt,closesAt,perUserLimit,imageUrl,createdAt,available,held,sold\r\n"
      "1,\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",\"a, \"\"b\"\"\",1,5,NORMAL,ACTIVE,,,,,";
  EXPECT_EQ(text.substr(0, expected.size()), expected);
  EXPECT_EQ(text.substr(text.size() - 9), "Z,2,2,1\r\n");
  EXPECT_EQ(get("/api/admin/products.csv?cursor=1").status, 400);
  EXPECT_EQ(get("/api/admin/products.csv?limit=1").status, 400);
}

TEST_P(CsvTest, WhatIsExportedCanBeImportedAgain) {
  for (const char* name : {"=1+1", "'quoted", "-x", "콤마, \\\"따옴표\\\"", "＝wide"}) make(name);
  post("/api/products", simple("later", "RESERVED"));
  post("/api/products/2/pause");
  call(Method::delete_, "/api/products/3");
  const std::string text = exported();
  const Answer kept = import(text);
  ASSERT_EQ(kept.status, 200) << kept.body;
  EXPECT_EQ(kept.integer("kept"), 6);
  EXPECT_EQ(kept.integer("changed"), 0);

  // As new products, in another shop: the same but for ids and times.
  auto rows = csv::read(text, {100, 15});
  std::string copy;
  for (auto& row : *rows) {
    if (row.line > 1) row.cells[0].clear();
    csv::append_row(copy, row.cells);
  }
  EXPECT_EQ(import(copy).integer("created"), 6);
  for (int id = 1; id <= 6; ++id) {
    const auto original = store->find(ProductId{id}), made = store->find(ProductId{id + 6});
    ASSERT_TRUE(original && made);
    EXPECT_EQ(made->details, original->details);
    EXPECT_EQ(made->state, ProductState::active);
  }
}

TEST_P(CsvTest, ADescriptionOfSeveralLinesIsOneCell) {
  const std::string described =
      R"({"productName":"a","productDescription":"one\r\n\"two\"\n","productPrice":1,"productStock":5,)"
      R"("productType":"NORMAL"})";
  const Answer made = post("/api/products", described);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text("productDescription"), "one\n\"two\"\n");
  EXPECT_NE(exported().find("\r\n1,a,\"one\n\"\"two\"\"\n\",1,5,"), std::string::npos) << exported();
  EXPECT_EQ(import(exported()).integer("kept"), 1);

  // A spreadsheet may write the lines within a cell as it ends its own.
  EXPECT_EQ(import_lines("1,a,\"one\r\n\"\"two\"\"\r\n\",1,5,NORMAL\n").integer("kept"), 1);
  EXPECT_EQ(import_lines(",b,\"x\r\ny\",1,5,NORMAL\n1,,,,+2,\n").status, 200);
  EXPECT_EQ(get("/api/products/2").text("productDescription"), "x\ny");

  const Answer wrong =
      import_lines(",\"b\nc\",,1,5,NORMAL\n,c,\"x\ry\",1,5,NORMAL\n,d,\"x\n\ty\",1,5,NORMAL\n");
  EXPECT_EQ(wrong.wrong_fields(),
            (Names{"lines[2].productName", "lines[4].productDescription", "lines[5].productDescription"}));
}

TEST_P(CsvTest, LinesCreateProductsAndChangeTotals) {
  make("a");
  make("b");
  make("c");
  make("d");
  sale(2).sold = 1;
  const Answer answer = import_lines("1,,,,12,\r\n,\"two\n words\",new,9,7,NORMAL\n");
  EXPECT_EQ(answer.status, 400);  // a name has no line breaks
  EXPECT_EQ(answer.wrong_fields(), Names{"lines[3].productName"});
  const Answer done =
      import_lines("1,,,,12,\r\n2,b,,1,-4,\r\n3,,,,+2,NORMAL\n4,,,,,\n\n,new,words,9,7,NORMAL\n");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(results(done), (Names{"2:1:CHANGED", "3:2:CHANGED", "4:3:CHANGED", "5:4:KEPT", "7:5:CREATED"}));
  EXPECT_EQ(done.integer("created"), 1);
  EXPECT_EQ(done.integer("changed"), 3);
  EXPECT_EQ(sale(1).total, 12);
  EXPECT_EQ(sale(2).total, 1);
  EXPECT_EQ(sale(3).total, 7);
  EXPECT_EQ(sale(4).total, 5);
  EXPECT_EQ(sale(5).total, 7);
  EXPECT_EQ(sale(1).history.back().reason, "imported, line 2");
  EXPECT_EQ(get("/api/products/5").text("productDescription"), "words");
}

TEST_P(CsvTest, EveryWrongLineIsNamedAndNothingIsTaken) {
  make("a");
  make("b");
  call(Method::delete_, "/api/products/2");
  sale(1).sold = 3;
  const Answer cells = import_lines(
      ",,,x,1e3,ODD\n"
      "1,,,,++1,\n"
      "1,,,,4,\n"
      "0,,,,4,\n"
      ",ok,,1,1,NORMAL\n"
      ",short\n"
      ",\xff,,-1,1,NORMAL\n");
  EXPECT_EQ(cells.status, 400);
  EXPECT_EQ(cells.wrong_fields(),
            (Names{"lines[2].productName", "lines[2].productPrice", "lines[2].productStock",
                   "lines[2].productType", "lines[3].productStock", "lines[4].productId",
                   "lines[5].productId", "lines[7]", "lines[8].productName", "lines[8].productPrice"}));
  const Answer state = import_lines("1,,,,2,\n2,,,,4,\n77,,,,4,\n,ok,,1,1,NORMAL\n");
  EXPECT_EQ(state.status, 400);
  EXPECT_EQ(state.wrong_fields(),
            (Names{"lines[2].productStock", "lines[3].productId", "lines[4].productId"}));
  EXPECT_EQ(import_lines("1,other,,,9,\n").wrong_fields(), Names{"lines[2].productName"});
  EXPECT_EQ(import_lines("1,,,,+999999999,\n").wrong_fields(), Names{"lines[2].productStock"});
  EXPECT_EQ(count("products"), 2);
  EXPECT_EQ(count("product_imports"), 0);
  EXPECT_EQ(sale(1).total, 5);
}

TEST_P(CsvTest, WhatIsNoFileOfProductsIsRefused) {
  const std::string row = "\n,a,,1,1,NORMAL\n";
  EXPECT_EQ(import("").status, 400);
  EXPECT_EQ(import("productStock").status, 400);
  EXPECT_EQ(import("productStock,colour" + row).wrong_fields(), Names{"lines[1].colour"});
  EXPECT_EQ(import("productStock,productStock" + row).wrong_fields(), Names{"lines[1].productStock"});
  EXPECT_EQ(import("productName" + row).wrong_fields(), Names{"lines[1].productStock"});
  EXPECT_EQ(import(std::string(header) + "\"open").wrong_fields(), Names{"lines[2]"});
  EXPECT_EQ(import(std::string(20'000, ',')).status, 400);
  EXPECT_EQ(import(std::string("\0\0\0", 3)).status, 400);
  std::string many(header);
  for (std::size_t i = 0; i <= limits::max_import_rows; ++i) many += ",a,,1,1,NORMAL\n";
  EXPECT_EQ(import(many).status, 400);
  EXPECT_EQ(import(std::string(header) + row.substr(1), "a b").wrong_fields(), Names{"Idempotency-Key"});
  EXPECT_EQ(post("/api/admin/products/import", std::string(header) + row.substr(1)).status, 415);
  EXPECT_EQ(count("products"), 0);
}

TEST_P(CsvTest, AnImportWithAKeyIsMadeOnce) {
  make("a");
  const std::string lines = "1,,,,+2,\n,new,,9,7,NORMAL\n";
  const Answer first = import_lines(lines, "k");
  EXPECT_EQ(first.status, 200);
  const Answer again = import_lines(lines, "k");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.replayed, "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(sale(1).total, 7);
  EXPECT_EQ(count("products"), 2);
  EXPECT_EQ(import_lines("1,,,,+3,\n", "k").status, 422);
  caller.user = UserId{2};
  EXPECT_EQ(import_lines(lines, "k").integer("created"), 1);
  EXPECT_EQ(sale(1).total, 9);
}

TEST_P(CsvTest, AfterACrashAtAnyStepTheImportIsFinished) {
  make("a");
  make("b");
  post("/api/products/2/stock/adjust", R"({"delta":-5,"reason":"gone"})");
  int imports = 0;
  for (const bool before : {true, false}) {
    for (int step = 0; step < 4; ++step) {
      const Units total = sale(1).total;
      const std::string lines =
          fmt::format("1,,,,+2,\n2,,,,{},\n,new,,9,7,NORMAL\n,newer,,9,7,NORMAL\n", total);
      (before ? orders.dies_before : orders.dies_after) = step;
      const std::string key = fmt::format("{}-{}", before, step);
      EXPECT_THROW(import_lines(lines, key), FakeOrders::Death);
      ++imports;
      orders.dies_before.reset();
      orders.dies_after.reset();
      restart();
      if (step % 2 == 0) test::run(service->sweep());
      const Answer again = import_lines(lines, key);
      EXPECT_EQ(again.status, 200) << again.body;
      EXPECT_EQ(again.replayed, "true");
      EXPECT_EQ(sale(1).total, total + 2);
      EXPECT_EQ(sale(2).total, total);
      EXPECT_EQ(count("products WHERE state = 2"), 2 + 2 * imports);
      EXPECT_EQ(count("product_changes"), 0);
    }
  }
}

TEST_P(CsvTest, LinesThatTheOrderServiceDoesNotTakeYetArePending) {
  make("a");
  orders.put_fails = Failure(Error::overloaded, "busy");
  const std::string lines = "1,,,,2,\n,new,,9,7,NORMAL\n";
  const Answer pending = import_lines(lines, "k");
  EXPECT_EQ(pending.status, 202) << pending.body;
  EXPECT_EQ(results(pending), (Names{"2:1:PENDING", "3:2:PENDING"}));
  sale(1).sold = 3;  // units are sold meanwhile
  orders.put_fails.reset();
  test::run(service->sweep());
  const Answer again = import_lines(lines, "k");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(results(again), (Names{"2:1:REFUSED", "3:2:CREATED"}));
  EXPECT_EQ(again.integer("refused"), 1);
  EXPECT_EQ(sale(1).total, 5);
}

TEST_P(CsvTest, ALargeCatalogueIsExportedInParts) {
  NewProduct product;
  product.details.name = "n";
  product.details.description = std::string(limits::max_product_description_chars, 'd');
  const std::size_t products = limits::csv_answer_bytes / limits::max_product_description_chars + 300;
  NewImport import;  // in one transaction
  for (std::size_t i = 0; i < products; ++i) {
    NewImport::Row row;
    row.action = ImportAction::create;
    row.product = product;
    import.rows.push_back(std::move(row));
  }
  ASSERT_TRUE(store->insert_import(import));
  place.execute("UPDATE products SET state = 2");
  for (std::size_t id = 1; id <= products; ++id) orders.sales[ProductId{std::int64_t(id)}].total = 1;
  std::size_t rows = 0, parts = 0;
  std::string path = "/api/admin/products.csv";
  while (!path.empty() && parts < 10) {
    const Answer part = get(path);
    ASSERT_EQ(part.status, 200);
    EXPECT_LT(part.body.size(), 2 * limits::csv_answer_bytes);
    rows += csv::read(part.body, {products + 1, 15})->size() - 1;
    ++parts;
    path = part.link.empty() ? "" : part.link.substr(1, part.link.find('>') - 1);
  }
  EXPECT_EQ(rows, products);
  EXPECT_EQ(parts, 2u);
}

}  // namespace
}  // namespace buyme::product
