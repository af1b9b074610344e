// docs/explanations.md as text, made when the program is built.
#pragma once

#include <string_view>

namespace encamp {

extern const std::string_view kExplanationsText;

}  // namespace encamp
