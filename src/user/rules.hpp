// What the fields of an account may look like. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace buyme::user {

// Empty when the value is right, else what the client is told about it. Lengths of names, passwords and
// addresses are counted in characters (code points), the others in bytes.
std::string wrong_name(std::string_view name);
std::string wrong_email(std::string_view email);  // a plausible shape; whether it exists, nobody can tell
std::string wrong_password(std::string_view password);
std::string wrong_phone(std::string_view phone);  // Korean, or international with a leading '+'
std::string wrong_address(std::string_view address);

// Addresses that differ only in case are one account's.
std::string normalized_email(std::string_view email);

}  // namespace buyme::user
