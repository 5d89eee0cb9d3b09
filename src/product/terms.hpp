// What the order service is told of a product.
#pragma once

#include "order/api.hpp"
#include "product/store.hpp"

namespace buyme::product {

order::SaleTerms terms_of(ProductId product, std::int64_t version, ProductState state,
                          const ProductDetails& details);

order::TermsUpdate update_of(const Product& draft);  // puts it on sale
order::TermsUpdate update_of(const PendingChange& change);

// True when the order service will never take it: anything but "not now" and "who knows".
bool is_refusal(const Failure& failure);

}  // namespace buyme::product
