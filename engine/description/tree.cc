#include "engine/description/tree.h"

#include <algorithm>

namespace encamp {

const Tree::Entry* Tree::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &*found;
}

const char* Tree::kind_name() const {
  switch (kind) {
    case Kind::Null:
      return "nothing";
    case Kind::Scalar:
      return "text";
    case Kind::List:
      return "a list";
    case Kind::Mapping:
      return "a mapping";
  }
  return "";
}

}  // namespace encamp
