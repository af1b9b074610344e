// Prototypes: definitions that nodes extend. They are merged as they are written; references in
// them are resolved later, in the extender's place.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/diagnostic.h"
#include "engine/description/include.h"
#include "engine/description/tree.h"

namespace encamp {

/// A node's own keys laid over those of all prototypes it extends, directly or through others.
struct Extended {
  Tree keys;                         ///< Without `extends`.
  bool is_whole = true;              ///< All that it extends is there.
  std::vector<std::string> parents;  ///< What it names in `extends`.
  /// How a prototype was reached: the entry of `extends` that names it, in which prototype (empty:
  /// in the node).
  struct Step {
    Span where;
    std::string by;
  };
  std::map<std::string, Step> prototypes;
};

class Prototypes {
 public:
  /// Reports wrong names, unknown prototypes and cycles of the whole section. The
  /// description is borrowed, as are all; unless it is whole, what is unknown may be in the rest.
  Prototypes(const Joined& description, const Registry& registry, Diagnostics& diagnostics);

  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// Whether an `extends` names it, there is none, and this is told.
  bool is_told(const std::string& name) const { return told_.contains(name); }
  const std::vector<std::string>& names() const { return names_; }
  /// The prototype as it is written, or nullptr.
  const Tree* find(const std::string& name) const;

  /// `own` are the keys of a node. What is wrong with its `extends` is reported and left out.
  std::shared_ptr<const Extended> extend(const Tree& own) const;

  /// How what stands at `where`, in a prototype, got into the node at `node`: the last note is in
  /// the node. None when `where` lies in no prototype of it.
  std::vector<Diagnostic::Note> way(const Extended& extended, const Span& where,
                                    const std::string& node) const;
  /// The prototype that `where` lies in, or empty.
  std::string at(const Span& where) const;

 private:
  struct Lines {
    std::string file;
    int first;
    int last;
    std::string name;
  };

  std::vector<const Tree*> parents(const Tree& definition) const;
  void check_own_items(const Tree& inherited, const Tree& own) const;
  void check_parents(const Tree& definition) const;
  void find_cycles();
  void find_lines(const Tree& tree);
  void reach(const Tree& name, const std::string& by, Extended& extended,
             std::vector<std::string>& order, std::size_t depth) const;

  const bool is_whole_;
  const Tree* section_ = nullptr;
  const Tree* nodes_ = nullptr;         ///< The section.
  mutable std::set<std::string> told_;  ///< Unknown names; one thread resolves.
  std::unordered_map<std::string, const Tree*> by_name_;
  std::vector<std::string> names_;  ///< As written.
  const Registry& registry_;
  Diagnostics& diagnostics_;
  std::vector<Lines> lines_;  ///< In order.
};

}  // namespace encamp
