// The shop as the organiser of a rehearsal sees it: puts the product on sale, reads stock and orders back.
// On one executor; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drop/checker.hpp"
#include "drop/connection.hpp"
#include "drop/drop.hpp"
#include "drop/orders_json.hpp"

namespace buyme::drop {

class Shop {
 public:
  Shop(Executor executor, Clock& clock, const Settings& settings, const Target& target, ConnectionPool& pool)
      : executor_(executor), clock_(clock), settings_(settings), target_(target), pool_(pool) {}

  // All of these repeat what a busy shop or a lost connection left undone until the settings' give_up, and
  // throw DropError on any other answer than the one hoped for.

  // The product to sell: made as the settings say, or the one they name.
  Awaitable<Product> open_sale();
  Awaitable<StockLevel> stock(std::int64_t product_id);

  // Every order of the product: the shop's own list where we may read it, else the lists of all buyers.
  // With `since`, orders placed before it may be left out.
  Awaitable<std::vector<SeenOrder>> orders(std::int64_t product_id, std::optional<Time> since);

  // Asks for each order of `attempts` again, as the buyer who was told of it. Throws nothing: what cannot be
  // read is told in the result.
  Awaitable<std::vector<ReadBack>> read_back(const std::vector<Attempt>& attempts);

 private:
  Awaitable<Reply> ask(std::string request);
  Awaitable<Reply> get(std::string path, std::string token);
  Awaitable<void> append_list(std::vector<SeenOrder>& orders, std::string token, std::int64_t product_id,
                              std::optional<Time> since);

  Executor executor_;
  Clock& clock_;
  const Settings& settings_;
  const Target& target_;
  ConnectionPool& pool_;
};

}  // namespace buyme::drop
