#include "product/remote.hpp"

#include "http/service_call.hpp"
#include "product/internal_codec.hpp"

namespace buyme::product {

namespace {

class RemoteProducts final : public ProductApi {
 public:
  explicit RemoteProducts(http::HttpClient& client) : client_(client) {}

  Awaitable<Result<void>> forget_user(UserId user, Trace trace) override {
    const ForgetUserCall question{user};
    auto call = http::call_of(internal_path::forget_user, question, http::Effect::idempotent, trace);
    return http::tell(client_, std::move(call));
  }

 private:
  http::HttpClient& client_;
};

}  // namespace

std::unique_ptr<ProductApi> make_remote_products(http::HttpClient& client) {
  return std::make_unique<RemoteProducts>(client);
}

}  // namespace buyme::product
