#include "order/stock_board.hpp"

#include <algorithm>

#include "core/random.hpp"

namespace buyme::order {

std::uint64_t hash_key(UserId user, std::string_view key) {
  return hash_bytes(key, static_cast<std::uint64_t>(user.value) * 2 + 1);
}

std::uint64_t hash_user(UserId user) {
  return hash_bytes({}, static_cast<std::uint64_t>(user.value) * 2);
}

bool SoldOutFlag::exempts(UserId user, std::string_view key) const {
  const auto contains = [](const std::vector<std::uint64_t>& hashes, std::uint64_t hash) {
    return std::binary_search(hashes.begin(), hashes.end(), hash);
  };
  return (!key.empty() && contains(marks.keys, hash_key(user, key))) ||
         contains(marks.holders, hash_user(user));
}

StockBoard::Slot* StockBoard::find(ProductId product) const {
  const std::shared_lock lock(mutex_);
  const auto found = slots_.find(product);
  return found == slots_.end() ? nullptr : found->second.get();
}

void StockBoard::publish(const Ledger& ledger) {
  Slot* slot = find(ledger.product);
  if (slot == nullptr) {
    const std::unique_lock lock(mutex_);
    slot = slots_.emplace(ledger.product, std::make_unique<Slot>()).first->second.get();
  }
  // seq_cst throughout: it costs the writer a few nanoseconds a round and leaves nothing to argue about.
  slot->sequence.fetch_add(1);
  slot->total.store(ledger.total);
  slot->committed.store(ledger.committed);
  slot->sold.store(ledger.sold);
  slot->version.store(ledger.version);
  slot->sequence.fetch_add(1);
}

std::optional<StockLevel> StockBoard::level(ProductId product) const {
  const Slot* slot = find(product);
  if (slot == nullptr) return std::nullopt;
  for (;;) {
    const std::uint64_t before = slot->sequence.load();
    const Units total = slot->total.load();
    const Units committed = slot->committed.load();
    const Units sold = slot->sold.load();
    const std::int64_t version = slot->version.load();
    if (before % 2 == 0 && slot->sequence.load() == before) {
      return StockLevel{product, total, committed - sold, sold, version};
    }
  }
}

std::vector<StockLevel> StockBoard::newest(std::size_t limit) const {
  std::vector<ProductId> products;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [product, slot] : slots_) products.push_back(product);
  }
  std::sort(products.begin(), products.end(), [](ProductId a, ProductId b) { return b < a; });
  products.resize(std::min(products.size(), limit));
  std::vector<StockLevel> levels;
  for (const ProductId product : products) levels.push_back(*level(product));  // slots are never removed
  return levels;
}

void StockBoard::raise(ProductId product, std::shared_ptr<const SoldOutFlag> flag, Monotonic valid_until) {
  Slot* slot = find(product);
  if (slot == nullptr) return;
  const std::lock_guard lock(slot->flag_mutex);
  slot->flag = std::move(flag);
  slot->valid_until.store(valid_until);
  slot->flagged.store(true);
}

void StockBoard::extend(ProductId product, Monotonic valid_until) {
  if (Slot* slot = find(product)) slot->valid_until.store(valid_until);
}

void StockBoard::lower(ProductId product) {
  Slot* slot = find(product);
  if (slot == nullptr || !slot->flagged.load()) return;
  const std::lock_guard lock(slot->flag_mutex);
  slot->flag.reset();
  slot->flagged.store(false);
}

std::shared_ptr<const SoldOutFlag> StockBoard::sold_out(ProductId product, Monotonic now) const {
  const Slot* slot = find(product);
  if (slot == nullptr || !slot->flagged.load()) return nullptr;
  const std::lock_guard lock(slot->flag_mutex);
  return now < slot->valid_until.load() ? slot->flag : nullptr;
}

}  // namespace buyme::order
