// The long story of every diagnostic, for `encamp explain`: docs/explanations.md, built in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace encamp {

struct Explanation {
  std::string code;
  std::string summary;  ///< The mistake, in some words.
  std::string story;
  std::string before;  ///< Lines of a description that have it.
  std::string after;   ///< The same, mended.
};

/// All of them, by code.
const std::vector<Explanation>& explanations();
/// nullptr when no diagnostic has that code.
const Explanation* find_explanation(std::string_view code);

std::string to_text(const Explanation& explanation);

}  // namespace encamp
