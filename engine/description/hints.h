// "did you mean '...'?"
#pragma once

#include <string>
#include <vector>

namespace encamp {

/// "did you mean '...'?" for the nearest candidate, or nothing.
std::string hint_for(const std::string& word, const std::vector<std::string>& candidates);

/// `an archive`, `a file`.
std::string with_article(const std::string& noun);

}  // namespace encamp
