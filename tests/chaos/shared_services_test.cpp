// One server of each role, two of them for orders, behind the real gateway, and something happens to a part
// of it. Whoever has no answer repeats his request, and is not sold, charged or counted twice.
#include <csignal>
#include <thread>

#include "chaos/shared_shop.hpp"
#include "core/limits.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;

class SharedServices : public SharedShop {
 protected:
  SharedServices() { apart = true; }
};

TEST_F(SharedServices, PaymentIsKilledAndComesBack) {
  sell_while("payment is killed", [this](Random& random) {
    payments->kill();
    std::this_thread::sleep_for(milliseconds{random.below(1'000)});
    payments->start();
  });
}

// Longer than the provider may take and than other services wait for an answer.
TEST_F(SharedServices, PaymentStandsStillAndWakesUp) {
  sell_while("payment stands still", [this](Random& random) {
    payments->signal(SIGSTOP);
    std::this_thread::sleep_for(limits::service_deadline + milliseconds{random.below(3'000)});
    payments->signal(SIGCONT);
  });
}

TEST_F(SharedServices, TheGatewayIsKilledAndComesBack) {
  sell_while("the gateway is killed", [this](Random& random) {
    gateway->kill();
    std::this_thread::sleep_for(milliseconds{random.below(500)});
    gateway->start();
  });
}

TEST_F(SharedServices, TheGatewayStandsStill) {
  sell_while("the gateway stands still", [this](Random& random) {
    gateway->pause();
    std::this_thread::sleep_for(milliseconds{1'000 + random.below(4'000)});
    gateway->resume();
  });
}

TEST_F(SharedServices, AnOrderServerIsKilledBehindTheGateway) {
  sell_while("an order server is killed behind the gateway", [this](Random& random) {
    const std::size_t one = random.below(servers);
    shops[one]->kill();
    std::this_thread::sleep_for(milliseconds{random.below(1'000)});
    start(one);
  });
}

TEST_F(SharedServices, ProductAndUserAreKilledAndComeBack) {
  sell_while("product and user are killed", [this](Random& random) {
    products->kill();
    users->kill();
    std::this_thread::sleep_for(milliseconds{random.below(500)});
    products->start();
    users->start();
  });
}

}  // namespace

}  // namespace buyme::test
