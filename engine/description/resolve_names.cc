// What all sections check: the version of the language, names, mappings.
#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/resolver.h"

namespace encamp {

void check_version(const Tree& tree, Diagnostics& diagnostics) {
  const Tree::Entry* version = tree.find("encamp");
  const Span top = tree.entries.empty() ? tree.where : tree.entries.front().where;
  if (version == nullptr)
    report_missing("encamp", "this file", top, diagnostics, "begin it with 'encamp: 1'");
  else if (!version->value.is_scalar() || version->value.text != "1")
    diagnostics.add({.code = "unknown-version",
                     .summary = "this program knows version 1 of the language",
                     .where = version->value.where,
                     .hint = "write 'encamp: 1'"});
}

bool check_label(const std::string& name, const std::string& of, const Span& where,
                 Diagnostics& diagnostics) {
  static const RE2 kLabel("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
  if (RE2::FullMatch(name, kLabel))
    return true;
  diagnostics.add({.code = "bad-name",
                   .summary = fmt::format("{} cannot be the name of {}", quoted(name), of),
                   .where = where,
                   .hint = "a name begins with a-z, goes on with a-z, 0-9 and '-', and has at most "
                           "63 characters"});
  return false;
}

bool check_name(const std::string& name, const std::string& of, const Span& where,
                Diagnostics& diagnostics) {
  static const RE2 kName("[A-Za-z0-9_-]{1,63}");
  if (RE2::FullMatch(name, kName))
    return true;
  diagnostics.add({.code = "bad-name",
                   .summary = fmt::format("{} cannot be the name of {}", quoted(name), of),
                   .where = where,
                   .hint = "names are letters, digits, '-' and '_', at most 63"});
  return false;
}

bool check_mapping(const Tree& tree, const std::string& of, Diagnostics& diagnostics) {
  if (tree.is_mapping() || tree.is_null())
    return true;
  diagnostics.add({.code = "wrong-type",
                   .summary = fmt::format("{} is a mapping, and this is {}", of, tree.kind_name()),
                   .where = tree.where});
  return false;
}

}  // namespace encamp
