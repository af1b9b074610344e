// Where packages of a release come from: what this machine's apt uses for it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace encamp {

/// One line of a sources.list: `deb [signed-by=/k.gpg] http://mirror/debian bookworm main`.
struct AptSource {
  std::string uri;
  std::string suite;
  std::vector<std::string> components;
  std::string signed_by;  ///< A path, or empty.
  bool operator==(const AptSource&) const = default;
};

std::string to_line(const AptSource& source);

/// The binary package sources in a file of one-line or of deb822 form; what cannot be understood
/// or is switched off is left out.
std::vector<AptSource> parse_source_lines(std::string_view text);
std::vector<AptSource> parse_source_stanzas(std::string_view text);

/// Those of a directory like /etc/apt.
std::vector<AptSource> read_sources(const std::filesystem::path& apt);

/// The sources for `release`: of `mirror` when there is one, else those of `known` for that
/// release, else those for `own_release` with the suites of the other one. Empty when none fits.
std::vector<AptSource> sources_for(const std::string& release, const std::string& mirror,
                                   const std::vector<AptSource>& known,
                                   const std::string& own_release);

}  // namespace encamp
