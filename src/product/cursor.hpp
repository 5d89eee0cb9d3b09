// Where a list goes on, as text that clients hand back without looking into it.
//
// A cursor carries a place, never a right: whoever makes one up sees only what its list shows anyway. Its
// check sum finds one that was changed, or that belongs to another list, another filter or another order.
#pragma once

#include <string>
#include <string_view>

#include "product/store.hpp"

namespace buyme::product {

// `scope` names the list: its kind, its filter, its order.
std::string encode_cursor(const Position& position, std::uint64_t scope);
std::optional<Position> decode_cursor(std::string_view text, std::uint64_t scope);

// What a list is called in its cursors.
std::uint64_t scope_of(const ListQuery& query);
std::uint64_t scope_of(std::string_view list, std::int64_t owner = 0);

}  // namespace buyme::product
