// Named, seeded streams of random numbers: the same seed and name give the same numbers on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace buyme {

// xoshiro256** (Blackman, Vigna 2018) seeded through splitmix64. Not for secrets. One thread at a time.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); bound > 0
  double uniform();                          // [0, 1)
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::uint64_t state_[4];
};

std::uint64_t hash_bytes(std::string_view bytes,
                         std::uint64_t seed = 0);  // stable across runs; not for secrets

// Secrets: from libsodium's generator, which reads the kernel's. Thread-safe.
std::string secure_random_bytes(std::size_t count);
std::string secure_random_hex(std::size_t bytes);

}  // namespace buyme
