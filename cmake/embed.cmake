# embed_text(TARGET FILE SYMBOL): makes FILE's text available as `extern const std::string_view SYMBOL` in namespace
# buyme::embedded, through the generated header "embedded/SYMBOL.hpp".
function(embed_text target file symbol)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/generated/embedded/${symbol}.hpp)
  file(READ ${file} text)
  file(CONFIGURE OUTPUT ${header} CONTENT [[
#pragma once
#include <string_view>
namespace buyme::embedded {
inline constexpr std::string_view @symbol@ = R"embedded(@text@)embedded";
}
]] @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
endfunction()
