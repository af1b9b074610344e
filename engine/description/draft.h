// A resource of the site while it is resolved: what is written of it, and how far it is evaluated.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/description/copies.h"
#include "engine/description/declaration.h"
#include "engine/description/prototypes.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"

namespace encamp {

struct Draft {
  Resource resource;  ///< Its properties are filled in as they are evaluated.
  const Schema* schema = nullptr;
  const Tree::Entry* subject = nullptr;  ///< `file: /etc/x` of a software item.
  const Tree* keys = nullptr;            ///< The mapping with its other keys.
  enum class Evaluation : char { Open, Running, Done };
  /// Of each property of the schema, then of each attribute; empty until the first is asked for.
  std::vector<Evaluation> evaluations;
  /// Parameters that the values came from, by place in `evaluations`; of others there are none.
  std::vector<std::pair<std::size_t, std::vector<std::string>>> asked;
  bool faulty = false;   ///< Something in it is reported already.
  bool is_whole = true;  ///< All that it extends is there; else what is missing may be in that.

  Address node;        ///< What `node` means in it: of a node itself, its items and resources.
  Address written_as;  ///< `nodes.worker`, of all its copies.
  Copy copy;
  std::shared_ptr<const Tree> owned;  ///< What `keys` points into when it is not in the file.

  // Of a node.
  std::shared_ptr<const Extended> extended;  ///< What `keys` points into.
  std::vector<Declaration> attributes;       ///< Declared by its prototypes.
  Properties attribute_values;

  bool is_node() const { return schema->section == "nodes"; }
  /// The value written for a property; nullptr when there is none or it is null.
  const Tree* written(const std::string& property) const;
  /// The attribute of that name, when the resource has it as it is written.
  const AttributeSchema* find_attribute(const std::string& name) const;
};

}  // namespace encamp
