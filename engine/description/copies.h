// The copies that `count` and `for_each` make of a node, a resource or a software item.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/description/source.h"
#include "engine/description/tree.h"
#include "engine/description/value.h"

namespace encamp {

class Drafts;
class Scope;

/// Which copy a resource is: `index` and `each` inside of it.
struct Copy {
  int index = 0;    ///< From 1; 0 when it is no copy.
  std::string key;  ///< Of `for_each`, `each.key`; empty with `count`.
  Value value;      ///< `each.value`
  /// That the list or mapping of `for_each` came from; nullptr when there are none.
  std::shared_ptr<const std::vector<std::string>> parameters = nullptr;
  Span where;  ///< What made it: the item of `for_each` when it is written there.

  bool is_copy() const { return index > 0; }
  /// What is written behind the name, `worker-1`, `ui-alice`.
  std::string suffix() const { return key.empty() ? std::to_string(index) : key; }
};

struct Copies {
  bool are_wanted = false;  ///< There is a `count` or `for_each`, be it wrong.
  bool is_wrong = false;    ///< Which is reported; how many there should be is not known.
  std::vector<Copy> all;
};

/// What `count` or `for_each` among `keys` say, read in `scope`. What is wrong is reported, and
/// then there are no copies. The key of a copy is the key of a mapping; of a list's item, the
/// item's own key when it is a copy itself, a resource's name, the text itself, else its number
/// from 1.
Copies read_copies(Drafts& drafts, const Tree& keys, const Scope& scope);

}  // namespace encamp
