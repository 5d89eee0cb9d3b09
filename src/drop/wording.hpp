// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace buyme::drop {

std::string grouped(std::int64_t number);       // "10,000"
std::string as_duration(std::int64_t time_us);  // "850 µs", "12.3 ms", "1.25 s"

}  // namespace buyme::drop
