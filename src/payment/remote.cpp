#include "payment/remote.hpp"

#include "http/service_call.hpp"
#include "payment/internal_codec.hpp"

namespace buyme::payment {

namespace {

class RemotePayments final : public PaymentApi {
 public:
  explicit RemotePayments(http::HttpClient& client) : client_(client) {}

  Awaitable<Result<void>> take_refund(RefundRequest refund) override {
    auto call = http::call_of(internal_path::take_refund, refund, http::Effect::idempotent);
    return http::tell(client_, std::move(call));
  }

 private:
  http::HttpClient& client_;
};

}  // namespace

std::unique_ptr<PaymentApi> make_remote_payments(http::HttpClient& client) {
  return std::make_unique<RemotePayments>(client);
}

}  // namespace buyme::payment
