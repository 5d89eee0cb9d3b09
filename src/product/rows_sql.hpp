// Rows of the catalogue and the parameters of its statements, shared by the files of its store. Functions
// that take a session run inside the transaction of their caller.
#pragma once

#include <deque>
#include <optional>

#include "db/sql.hpp"
#include "product/store.hpp"

namespace buyme::product {

// The columns that ProductRow and DetailsColumns read, in their order.
#define BUYME_DETAILS_COLUMNS \
  "product_name, description, price, product_type, opens_at, closes_at, per_user_limit, image_url"
#define BUYME_PRODUCT_COLUMNS \
  "product_id, version, state, created_at, created_by, total_units, " BUYME_DETAILS_COLUMNS

// A statement whose parameters are handed over in the order in which its text names them, each once.
class Command {
 public:
  explicit Command(soci::session& session) : statement_(session) {}

  Command& use(std::int64_t number) { return bind({number, {}, soci::i_ok}); }
  Command& use(std::optional<std::int64_t> number) {
    return bind({number.value_or(0), {}, number ? soci::i_ok : soci::i_null});
  }
  Command& use(std::string text) { return bind_text({0, std::move(text), soci::i_ok}); }
  Command& use(const std::optional<std::string>& text) {
    return bind_text({0, text.value_or(""), text ? soci::i_ok : soci::i_null});
  }
  Command& use(const char*) = delete;  // it would be taken for a number

  void run(const std::string& sql) {
    start(sql);
    statement_.execute(true);
  }
  std::int64_t changed() { return statement_.get_affected_rows(); }  // rows, by the run before

  // For rows: into() each column, then open(), then next() until false.
  soci::statement& into() { return statement_; }
  void open(const std::string& sql) {
    start(sql);
    statement_.execute();
  }
  bool next() { return statement_.fetch(); }

 private:
  struct Parameter {
    long long number = 0;
    std::string text;
    soci::indicator present = soci::i_ok;
  };
  Command& bind(Parameter parameter) {
    Parameter& kept = parameters_.emplace_back(std::move(parameter));
    statement_.exchange(soci::use(kept.number, kept.present));
    return *this;
  }
  Command& bind_text(Parameter parameter) {
    Parameter& kept = parameters_.emplace_back(std::move(parameter));
    statement_.exchange(soci::use(kept.text, kept.present));
    return *this;
  }
  void start(const std::string& sql) {
    statement_.alloc();
    statement_.prepare(sql);
    statement_.define_and_bind();
  }

  std::deque<Parameter> parameters_;  // SOCI keeps their addresses
  soci::statement statement_;
};

struct DetailsColumns {
  std::string name, description, image_url;
  long long price = 0, opens_at = 0, closes_at = 0, limit = 0;
  int type = 0;
  soci::indicator opens = soci::i_null, closes = soci::i_null, limited = soci::i_null,
                  pictured = soci::i_null;

  void define_in(soci::statement& select);
  ProductDetails details() const;
};

struct ProductRow {
  long long id = 0, version = 0, created_at = 0, created_by = 0, total = 0;
  int state = 0;
  DetailsColumns details;

  void define_in(soci::statement& select);
  Product product() const;
};

// Binds the columns of BUYME_DETAILS_COLUMNS.
void use_details(Command& command, const ProductDetails& details);

std::vector<Product> select_products(Command& command, const std::string& sql);
enum class Lock : std::uint8_t { none, row };
// Drafts, too. A locked row stays as it is until the transaction ends, and so does whether a change of it is
// begun or made.
std::optional<Product> find_product(soci::session& session, ProductId id, Lock lock = Lock::none);
std::int64_t last_id(soci::session& session, const char* table);

Failure no_such_product();
Failure key_of_another_body();

inline std::optional<std::string> kept(const std::string& key) {
  return key.empty() ? std::nullopt : std::optional(key);
}

}  // namespace buyme::product
