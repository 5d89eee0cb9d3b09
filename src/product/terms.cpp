#include "product/terms.hpp"

namespace buyme::product {

namespace {

order::SaleState sale_state(ProductState state) {
  if (state == ProductState::paused) return order::SaleState::paused;
  if (state == ProductState::archived) return order::SaleState::archived;
  return order::SaleState::active;
}

}  // namespace

order::SaleTerms terms_of(ProductId product, std::int64_t version, ProductState state,
                          const ProductDetails& details) {
  order::SaleTerms terms;
  terms.product = product;
  terms.version = version;
  terms.state = sale_state(state);
  terms.price = details.price;
  terms.opens_at = details.opens_at;
  terms.closes_at = details.closes_at;
  terms.per_user_limit = details.per_user_limit;
  return terms;
}

order::TermsUpdate update_of(const Product& draft) {
  order::TermsUpdate update;
  update.terms = terms_of(draft.id, draft.version, ProductState::active, draft.details);
  update.total = draft.first_total;
  update.actor = draft.created_by;
  update.reason = "registered";
  return update;
}

order::TermsUpdate update_of(const PendingChange& change) {
  order::TermsUpdate update;
  update.terms = terms_of(change.product, change.version, change.state, change.details);
  update.total = change.stock.total;
  update.delta = change.stock.delta;
  update.actor = change.actor;
  update.reason = change.reason;
  return update;
}

bool is_refusal(const Failure& failure) {
  switch (failure.error) {
    case Error::overloaded:
    case Error::store_unavailable:
    case Error::outcome_unknown:
    case Error::shutting_down:
    case Error::internal:
      return false;
    default:
      return true;
  }
}

}  // namespace buyme::product
