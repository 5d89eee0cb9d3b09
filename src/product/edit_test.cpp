// Edits of a product: who wins, what is refused, and what a crash at each step leaves.
#include <thread>

#include "product/codec.hpp"
#include "product/test_catalogue.hpp"

namespace buyme::product {
namespace {

using EditTest = CatalogueTest;

constexpr std::string_view replacement =
    R"({"productName":"Coat","productDescription":"Warm","productPrice":70,"productStock":9,)"
    R"("productType":"RESERVED","opensAt":"2026-03-01T12:00:00+09:00","perUserLimit":2})";

INSTANTIATE_TEST_SUITE_P(Databases, EditTest, test::both_databases(), test::kind_name);

TEST_P(EditTest, OnlyADescriptionHasLines) {
  make();
  const Answer changed = call(Method::patch, "/api/products/1", R"({"productDescription":"a\r\nb\n"})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.text("productDescription"), "a\nb\n");
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productDescription":"a\rb"})").status, 400);
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productDescription":"a\tb"})").status, 400);
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productName":"a\nb"})").status, 400);
}

TEST_P(EditTest, PutReplacesEverything) {
  make();
  const Answer before = get("/api/products/1");
  EXPECT_EQ(before.etag, "\"1-5\"");
  const Answer put = call(Method::put, "/api/products/1", replacement, {.if_match = before.etag});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.text("productName"), "Coat");
  EXPECT_EQ(put.integer("productStock"), 9);
  EXPECT_EQ(put.text("productType"), "RESERVED");
  EXPECT_EQ(put.text("opensAt"), "2026-03-01T03:00:00.000Z");
  EXPECT_EQ(put.text("createdAt"), before.text("createdAt"));
  EXPECT_EQ(put.etag, "\"2-9\"");
  EXPECT_EQ(get("/api/products/1").body, put.body);
  EXPECT_EQ(sale(1).terms.price, 70);
  EXPECT_EQ(sale(1).terms.per_user_limit, 2);
  EXPECT_EQ(sale(1).history.back().actor, UserId{1});
}

TEST_P(EditTest, PutSaysWhichStateItEdits) {
  make();
  const auto put = [&](std::string_view if_match) {
    return call(Method::put, "/api/products/1", replacement, {.if_match = if_match});
  };
  const Answer without = put("");
  EXPECT_EQ(without.status, 428);
  EXPECT_EQ(without.text("code"), "PRECONDITION_REQUIRED");
  for (const char* other : {"\"1-4\"", "\"2-5\"", "W/\"1-5\"", "\"\"", "\"x\", \"y\""}) {
    const Answer refused = put(other);
    EXPECT_EQ(refused.status, 412) << other;
    EXPECT_EQ(refused.text("code"), "PRECONDITION_FAILED");
    EXPECT_EQ(refused.text("etag"), "\"1-5\"");
  }
  for (const char* broken : {"1-5", "\"1-5", "\"1-5\",", "\"1-5\" \"2\"", "*, *", "\"a b\"", ","}) {
    const Answer refused = put(broken);
    EXPECT_EQ(refused.status, 400) << broken;
    EXPECT_EQ(refused.wrong_fields(), Names{"If-Match"});
  }
  EXPECT_EQ(put(std::string(600, '"')).status, 400);
  EXPECT_EQ(orders.puts, 1);
  EXPECT_EQ(put(" \"9-9\" , \"1-5\"").status, 200);
  EXPECT_EQ(put("\"1-5\"").status, 412);
  EXPECT_EQ(put("*").status, 200);
  EXPECT_EQ(call(Method::put, "/api/products/7", replacement, {.if_match = "*"}).status, 404);
  EXPECT_EQ(call(Method::put, "/api/products/1", "{}", {.if_match = "*"}).status, 400);
}

TEST_P(EditTest, PatchChangesWhatItNames) {
  post("/api/products", replacement);
  const Answer patched = call(Method::patch, "/api/products/1", R"({"productPrice":71,"perUserLimit":null})");
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.integer("productPrice"), 71);
  EXPECT_FALSE(patched.object().contains("perUserLimit"));
  EXPECT_EQ(patched.text("productName"), "Coat");
  EXPECT_EQ(patched.text("opensAt"), "2026-03-01T03:00:00.000Z");
  EXPECT_EQ(patched.etag, "\"2-9\"");

  const int puts = orders.puts;
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productPrice":71,"productStock":9})").etag,
            "\"2-9\"");
  EXPECT_EQ(call(Method::patch, "/api/products/1", "").etag, "\"2-9\"");
  EXPECT_EQ(orders.puts, puts);  // nothing changes, nobody is told

  EXPECT_EQ(call(Method::patch, "/api/products/1", "{}", {.if_match = "\"1-9\""}).status, 412);
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productStock":12})", {.if_match = "\"2-9\""}).etag,
            "\"3-12\"");
}

TEST_P(EditTest, PatchIsRefusedByField) {
  post("/api/products", replacement);
  const std::pair<const char*, Names> wrong[] = {
      {R"({"productName":null})", {"productName"}},
      {R"({"productPrice":-1,"productStock":-1})", {"productPrice", "productStock"}},
      {R"({"productType":"ODD"})", {"productType"}},
      {R"({"opensAt":null})", {"opensAt"}},  // a RESERVED product needs it
      {R"({"closesAt":"2026-03-01T03:00:00Z"})", {"closesAt"}},
      {R"({"imageUrl":"javascript:x"})", {"imageUrl"}},
      {R"({"state":"ACTIVE"})", {"state"}},
      {R"({"productStock":1000000001})", {"productStock"}},
  };
  for (const auto& [body, fields] : wrong) {
    const Answer refused = call(Method::patch, "/api/products/1", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.wrong_fields(), fields) << body;
  }
  EXPECT_EQ(orders.puts, 1);
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productType":"NORMAL","opensAt":null})").status, 200);
}

TEST_P(EditTest, TheTotalNeverFallsBelowWhatIsCommitted) {
  make();
  sale(1).held = 2;
  sale(1).sold = 1;
  const Answer refused = call(Method::patch, "/api/products/1", R"({"productStock":2,"productPrice":8})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.text("code"), "ILLEGAL_STATE");
  EXPECT_EQ(refused.integer("committed"), 3);
  EXPECT_EQ(get("/api/products/1").etag, "\"1-5\"");
  EXPECT_EQ(get("/api/products/1").integer("productPrice"), 1);
  EXPECT_EQ(count("product_changes"), 0);

  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":-3,"reason":"lost"})").status, 409);
  // The versions of what was refused are not used again.
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productStock":3})").etag, "\"4-3\"");
}

TEST_P(EditTest, AnEditDoesNotGiveBackWhatAReturnTookMeanwhile) {
  make();
  orders.before_put = [&] { sale(1).total -= 1; };  // behind the comparison with If-Match
  const Answer raised =
      call(Method::patch, "/api/products/1", R"({"productStock":8})", {.if_match = "\"1-5\""});
  EXPECT_EQ(raised.status, 200);
  EXPECT_EQ(raised.integer("productStock"), 7);
}

TEST_P(EditTest, PauseResumeAndArchive) {
  make();
  EXPECT_EQ(post("/api/products/1/pause").text("state"), "PAUSED");
  EXPECT_EQ(sale(1).terms.state, order::SaleState::paused);
  const int puts = orders.puts;
  EXPECT_EQ(post("/api/products/1/pause", "{}").etag, "\"2-5\"");  // it is
  EXPECT_EQ(orders.puts, puts);
  EXPECT_EQ(names(get("/api/products")), Names{"Jeans"});
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productPrice":3})").text("state"), "PAUSED");
  EXPECT_EQ(post("/api/products/1/resume").text("state"), "ACTIVE");
  EXPECT_EQ(sale(1).terms.state, order::SaleState::active);
  EXPECT_EQ(post("/api/products/1/pause", R"({"why":1})").status, 400);

  EXPECT_EQ(call(Method::delete_, "/api/products/1", "", {.if_match = "\"1-5\""}).status, 412);
  const Answer archived = call(Method::delete_, "/api/products/1");
  EXPECT_EQ(archived.status, 200);
  EXPECT_EQ(archived.text("state"), "ARCHIVED");
  EXPECT_EQ(sale(1).terms.state, order::SaleState::archived);
  EXPECT_EQ(call(Method::delete_, "/api/products/1").status, 200);
  EXPECT_EQ(get("/api/products/1").text("state"), "ARCHIVED");
  EXPECT_EQ(names(get("/api/products")), Names{});
  for (const char* path : {"/api/products/1/pause", "/api/products/1/resume"}) {
    EXPECT_EQ(post(path).status, 409) << path;
    EXPECT_EQ(post(path).text("state"), "ARCHIVED");
  }
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productPrice":3})").status, 200);  // it is 3
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productPrice":4})").status, 409);
  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":1,"reason":"found"})").status, 409);
  EXPECT_EQ(post("/api/products/77/pause").status, 404);
}

TEST_P(EditTest, AnAdjustmentIsKeptWithWhoAndWhy) {
  make();
  caller.user = UserId{8};
  const Answer more = post("/api/products/1/stock/adjust", R"({"delta":3,"reason":"found a box"})");
  EXPECT_EQ(more.body, R"({"productId":1,"total":8,"available":8,"held":0,"sold":0,"soldOut":false})");
  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":-8,"reason":"all burnt"})").integer("total"), 0);
  const Answer first = get("/api/products/1/stock/history?limit=2");
  const json::array items = first.array("items");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].at("reason").as_string(), "all burnt");
  EXPECT_EQ(items[0].at("oldTotal").as_int64(), 8);
  EXPECT_EQ(items[0].at("newTotal").as_int64(), 0);
  EXPECT_EQ(items[0].at("actor").as_int64(), 8);
  const std::string path = "/api/products/1/stock/history?limit=2&cursor=";
  const Answer rest = get(path + first.text("nextCursor"));
  EXPECT_EQ(rest.array("items").at(0).at("reason").as_string(), "registered");
  EXPECT_FALSE(rest.object().contains("nextCursor"));
  EXPECT_EQ(get(path + "1").status, 400);
  EXPECT_EQ(get("/api/products/2/stock/history").status, 404);

  for (const char* body :
       {R"({"delta":0,"reason":"x"})", R"({"delta":1})", R"({"delta":1,"reason":""})",
        R"({"delta":9223372036854775807,"reason":"x"})", R"({"delta":1.5,"reason":"x"})"}) {
    EXPECT_EQ(post("/api/products/1/stock/adjust", body).status, 400) << body;
  }
  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":1000000000,"reason":"x"})").status, 200);
  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":1,"reason":"x"})").status, 409);
}

TEST_P(EditTest, AnAdjustmentWithAKeyIsMadeOnce) {
  make();
  make("other");
  const std::string_view body = R"({"delta":3,"reason":"found"})";
  EXPECT_EQ(post("/api/products/1/stock/adjust", body, {.key = "k"}).replayed, "");
  const Answer again = post("/api/products/1/stock/adjust", body, {.key = "k"});
  EXPECT_EQ(again.replayed, "true");
  EXPECT_EQ(again.integer("total"), 8);
  EXPECT_EQ(post("/api/products/1/stock/adjust", R"({"delta":4,"reason":"found"})", {.key = "k"}).status,
            422);
  EXPECT_EQ(post("/api/products/2/stock/adjust", body, {.key = "k"}).status, 422);
  EXPECT_EQ(post("/api/products/1/stock/adjust", body, {.key = "a b"}).status, 400);
  caller.user = UserId{2};
  EXPECT_EQ(post("/api/products/1/stock/adjust", body, {.key = "k"}).integer("total"), 11);

  // What was refused may be tried again with its key.
  sale(1).sold = 11;
  const std::string_view fewer = R"({"delta":-1,"reason":"lost"})";
  EXPECT_EQ(post("/api/products/1/stock/adjust", fewer, {.key = "f"}).status, 409);
  sale(1).sold = 10;
  EXPECT_EQ(post("/api/products/1/stock/adjust", fewer, {.key = "f"}).integer("total"), 10);
}

// --- crashes

TEST_P(EditTest, AfterACrashBeforeTheOrderServiceKnowsTheSweeperFinishesTheEdit) {
  make();
  orders.dies_before = 0;
  EXPECT_THROW(call(Method::patch, "/api/products/1", R"({"productPrice":7,"productStock":6})"),
               FakeOrders::Death);
  EXPECT_EQ(get("/api/products/1").etag, "\"1-5\"");
  restart();
  orders.dies_before.reset();
  test::run(service->sweep());
  EXPECT_EQ(get("/api/products/1").etag, "\"2-6\"");
  EXPECT_EQ(get("/api/products/1").integer("productPrice"), 7);
  EXPECT_EQ(count("product_changes"), 0);
}

TEST_P(EditTest, AfterACrashBehindTheOrderServiceNothingIsDoneTwice) {
  make();
  orders.dies_after = 0;
  const std::string_view body = R"({"delta":3,"reason":"found"})";
  EXPECT_THROW(post("/api/products/1/stock/adjust", body, {.key = "k"}), FakeOrders::Death);
  restart();
  orders.dies_after.reset();
  const Answer again = post("/api/products/1/stock/adjust", body, {.key = "k"});  // finishes it first
  EXPECT_EQ(again.replayed, "true");
  EXPECT_EQ(again.integer("total"), 8);
  EXPECT_EQ(sale(1).history.size(), 2u);
  test::run(service->sweep());
  EXPECT_EQ(sale(1).total, 8);
}

TEST_P(EditTest, AnotherEditFinishesTheOneThatWasLeftBehind) {
  make();
  orders.forgets_to_answer = true;
  const Answer unknown = call(Method::patch, "/api/products/1", R"({"productPrice":7})");
  EXPECT_EQ(unknown.status, 503);
  EXPECT_EQ(unknown.text("code"), "OUTCOME_UNKNOWN");
  const Answer behind = call(Method::patch, "/api/products/1", R"({"productName":"Skirt"})");
  EXPECT_EQ(behind.text("code"), "OVERLOADED");  // certainly not done
  orders.forgets_to_answer = false;

  EXPECT_EQ(
      call(Method::patch, "/api/products/1", R"({"productName":"Skirt"})", {.if_match = "\"1-5\""}).status,
      412);
  EXPECT_EQ(get("/api/products/1").etag, "\"2-5\"");
  const Answer both = call(Method::patch, "/api/products/1", R"({"productName":"Skirt"})");
  EXPECT_EQ(both.integer("productPrice"), 7);
  EXPECT_EQ(both.text("productName"), "Skirt");
  EXPECT_EQ(sale(1).terms.price, 7);
}

TEST_P(EditTest, ALeftBehindEditThatIsRefusedIsOver) {
  make();
  orders.put_fails = Failure(Error::overloaded, "busy");
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productStock":1})").status, 503);
  orders.put_fails.reset();
  sale(1).sold = 3;
  test::run(service->sweep());
  EXPECT_EQ(count("product_changes"), 0);
  EXPECT_EQ(get("/api/products/1").etag, "\"1-5\"");
  EXPECT_EQ(call(Method::patch, "/api/products/1", R"({"productStock":4})").etag, "\"3-4\"");
}

TEST_P(EditTest, TwoAdminsAtOnceLoseNothing) {
  make();
  constexpr int each = 20;
  const auto adjust = [this](std::int64_t user) {
    for (int i = 0; i < each; ++i) {
      AdjustRequest request{ProductId{1}, 1, "found", UserId{user}, {}};
      const auto adjusted = test::run(service->adjust(std::move(request)));
      EXPECT_TRUE(adjusted);
    }
  };
  std::thread first(adjust, 1), second(adjust, 2);
  first.join();
  second.join();
  EXPECT_EQ(sale(1).total, 5 + 2 * each);
  EXPECT_EQ(get("/api/products/1").etag, "\"41-45\"");
}

TEST_P(EditTest, OfTwoEditsOfOneStateOneIsMade) {
  make();
  std::atomic<int> made = 0;
  const auto rename = [&](std::string name) {
    EditRequest request;
    request.product = ProductId{1};
    request.edit.name = std::move(name);
    request.if_match = IfMatch{false, {"1-5"}};
    const auto view = test::run(service->edit(std::move(request)));
    if (view) ++made;
    EXPECT_TRUE(view || view.error().error == Error::precondition_failed);
  };
  std::thread first(rename, "Skirt"), second(rename, "Shirt");
  first.join();
  second.join();
  EXPECT_EQ(made, 1);
}

TEST(EditLocks, WhoWaitsTooLongIsToldSo) {
  const auto clock = make_system_clock();
  std::optional<EditLocks> locks(std::in_place, *clock);
  std::optional<EditLocks::Held> held;
  {
    auto first = test::run(locks->hold({ProductId{1}, ProductId{2}}));
    ASSERT_TRUE(first);
    held.emplace(std::move(*first));
  }
  EXPECT_TRUE(test::run(locks->hold({ProductId{3}})));
  const auto second = test::run(locks->hold({ProductId{2}, ProductId{3}}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, Error::overloaded);
  EXPECT_TRUE(test::run(locks->hold({ProductId{3}})));  // all or none
  held.reset();
  EXPECT_TRUE(test::run(locks->hold({ProductId{2}})));
}

}  // namespace
}  // namespace buyme::product
