// What a parameter, or an attribute of a prototype, is declared as: `{type: integer, default: 2,
// range: [1, 64], about: ...}`.
#pragma once

#include <optional>
#include <string>

#include "engine/component/registry.h"
#include "engine/component/schema.h"
#include "engine/description/diagnostic.h"
#include "engine/description/tree.h"
#include "engine/description/typing.h"

namespace encamp {

struct Declaration {
  PropertySchema schema;           ///< Name, type, about, constraints, required.
  std::string type;                ///< As it is written, `list of node`.
  const Tree* fallback = nullptr;  ///< `default`, as it is written; typed where it is used.
  bool secret = false;             ///< A parameter that is shown and recorded nowhere.
  Span where;                      ///< Its key.
};

enum class Declared { Parameter, Attribute };

/// Reads one; what is wrong is reported. Its trees are borrowed from `entry`.
std::optional<Declaration> read_declaration(const Tree::Entry& entry, Declared kind,
                                            const Registry& registry, const Typing& typing,
                                            Diagnostics& diagnostics);

/// How the parameter of that name is given a value that is a secret: a hint.
std::string how_to_give_secret(const std::string& parameter);

}  // namespace encamp
