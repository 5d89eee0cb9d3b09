// Accounts that ended: nothing of the person is left, no wish, and no order of theirs waits for a payment.
#include "audit/checks.hpp"
#include "core/limits.hpp"

namespace buyme::audit {

// Where callers are trusted, orders and wishes may name an account that ended long ago: nobody's fault.
void check_ended_accounts(const Index& index, std::vector<Finding>& findings) {
  std::unordered_map<UserId, const Books::EndedAccount*> ended;
  Offenders left, unpaid, wishing, ending;
  for (const auto& account : index.books.ended_accounts) {
    ended.emplace(account.user, &account);
    if (!account.anonymous) left.add("user {} is not anonymous", account.user.value);
    if (account.live_sessions > 0) {
      left.add("user {} has {} live sessions", account.user.value, account.live_sessions);
    }
  }
  for (const auto& order : index.books.orders) {
    const auto* account = Index::find(ended, order.user);
    if (account == nullptr || !is_unpaid(order.status)) continue;
    if (order.placed_at >= account->ended_at + limits::ending_settles) continue;
    Offenders& found = account->settled ? unpaid : ending;
    found.add("order {} of user {}", order.order.value, order.user.value);
  }
  for (const auto& wish : index.books.wishes) {
    const auto* account = Index::find(ended, wish.user);
    if (account == nullptr || wish.added_at >= account->ended_at + limits::ending_settles) continue;
    Offenders& found = account->settled ? wishing : ending;
    found.add("wishes of user {}", wish.user.value);
  }
  left.report(findings, fault, "ended-accounts");
  unpaid.report(findings, fault, "orders-of-ended-accounts");
  wishing.report(findings, fault, "wishes-of-ended-accounts");
  ending.report(findings, note, "accounts-ending");
}

}  // namespace buyme::audit
