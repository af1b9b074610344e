// The resources of a site while it is resolved: declared by name first, their properties evaluated
// when they are asked for, because one may refer to another that stands further down.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/budget.h"
#include "engine/description/copies.h"
#include "engine/description/declaration.h"
#include "engine/description/diagnostic.h"
#include "engine/description/evaluate.h"
#include "engine/description/loader.h"
#include "engine/description/outline.h"
#include "engine/description/prototypes.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"
#include "engine/description/typing.h"

namespace encamp {

struct Draft {
  Resource resource;  ///< Its properties are filled in as they are evaluated.
  const Schema* schema = nullptr;
  const Tree::Entry* subject = nullptr;  ///< `file: /etc/x` of a software item.
  const Tree* keys = nullptr;            ///< The mapping with its other keys.
  const Tree* needs = nullptr;
  std::set<std::string> evaluating;
  std::set<std::string> evaluated;
  bool faulty = false;   ///< Something in it is reported already.
  bool is_whole = true;  ///< All that it extends is there; else what is missing may be in that.

  Address node;        ///< What `node` means in it: of a node itself, its items and resources.
  Address written_as;  ///< `nodes.worker`, of all its copies.
  Copy copy;
  std::shared_ptr<const Tree> owned;  ///< What `keys` points into when it is not in the file.

  // Of a node.
  std::shared_ptr<const Extended> extended;  ///< What `keys` points into.
  std::vector<Declaration> attributes;       ///< Declared by its prototypes.
  std::map<std::string, Value> attribute_values;
  std::map<std::string, Origin> attribute_origins;  ///< While there is an outline.

  /// The value written for a property; nullptr when there is none or it is null.
  const Tree* written(const std::string& property) const;
};

class Drafts {
 public:
  Drafts(const Registry& registry, const Loader& loader, Diagnostics& diagnostics,
         const ResolveBudget& budget)
      : registry_(registry), loader_(loader), diagnostics_(diagnostics), budget_(budget) {}

  const Registry& registry() const { return registry_; }
  const Loader& loader() const { return loader_; }
  Diagnostics& diagnostics() const { return diagnostics_; }
  Budget& budget() { return budget_; }

  /// A file that the one named `from` names, read once. Throws Error.
  std::shared_ptr<const NamedFile> file(const std::string& path, const std::string& from);
  /// parse_scalar(), once for all copies. Throws ExpressionError.
  Scope::Parsed parse(const Tree& scalar);

  /// Where values come from is kept here when it is there.
  std::unique_ptr<Outline> outline;
  /// The value asks for a parameter: it is one of its origins.
  void note_parameter(const std::string& name);
  /// Evaluates by `work`; what it reports of the value says which parameters it came from.
  template <typename Work>
  void told_parameters(const Work& work) {
    const std::size_t before = diagnostics_.all().size();
    const std::vector<std::string> around = std::exchange(asked_, {});
    work();
    if (diagnostics_.all().size() > before && !asked_.empty())
      add_parameters(before);
    for (const std::string& name : around)  // Who asks for this value asks for its parameters too.
      note_parameter(name);
  }

  std::string site_name;
  std::string domain;
  const Prototypes* prototypes = nullptr;
  bool has_all_nodes = false;  ///< Until then nothing can ask which nodes there are.

  /// Declares a parameter; `set` is what it is given instead of its default, or nullptr.
  void add_parameter(Declaration declaration, const Tree* set);
  /// Likewise, one whose value is reported already.
  void add_wrong_parameter(Declaration declaration);
  std::vector<std::string> parameter_names() const;
  /// Puts them with their values into the outline.
  void outline_parameters();
  /// The value of a parameter, or nothing when there is none. Throws ExpressionError when it is
  /// wrong, which is reported then, or refers to itself.
  std::optional<Value> parameter(const std::string& name, const Span& where);

  /// Declares a resource under its address. REQUIRES: the address is free.
  Draft& add(Draft draft);
  /// An item is known by another name from now on; not when an item is known by it already.
  void rename(Draft& item, const std::string& name);
  /// Declares a name in a collection: of a resource, or of what has none behind it (a test); of a
  /// copy also its key.
  void add_name(const Address& collection, const std::string& name, const Address& address,
                const std::string& key = {});

  /// Declares a collection that may stay empty: the copies of a node.
  void add_collection(const Address& collection) { collections_.try_emplace(collection); }
  /// A name that `when` left out: it is null.
  void leave_out(const Address& collection, const std::string& name) {
    left_out_.insert(child_address(collection, name));
  }
  bool is_left_out(const Address& address) const { return left_out_.contains(address); }

  /// Declares a test, which has no attributes.
  void add_test(const Address& collection, const std::string& name);
  bool is_test(const Address& address) const { return tests_.contains(address); }

  /// Whether the key `when` of a node, resource or item lets it be; true where it is wrong, which
  /// is reported.
  bool is_wanted(const Draft& draft) {
    return draft.keys == nullptr || is_wanted(draft, *draft.keys);
  }
  /// Likewise, with the keys of a resource, which are not those of its component.
  bool is_wanted(const Draft& draft, const Tree& keys);

  Draft* find(const Address& address);
  const std::vector<std::unique_ptr<Draft>>& all() const { return all_; }

  using Names = std::vector<std::pair<std::string, Address>>;
  /// What is in `nodes`, `nodes.head.software`, ...; empty for what is no collection.
  const Names& in(const Address& collection) const;
  /// What one of these names stands for, or the key of a copy; nullptr when nothing does.
  const Address* named(const Address& collection, const std::string& name) const;
  const Address* keyed(const Address& collection, const std::string& key) const;
  bool is_collection(const Address& address) const { return collections_.contains(address); }

  /// The value of a property of a declared resource, its default when it is not written; nullptr
  /// when it has none or is wrong. Throws ExpressionError when it refers to itself.
  const Value* property(Draft& draft, const std::string& name, const Span& where);

  /// Likewise, of an attribute that a prototype of the node declares.
  const Value* attribute(Draft& node, const std::string& name, const Span& where);

  /// Evaluates all properties and attributes of `draft`.
  void complete(Draft& draft);

 private:
  struct Parameter {
    Declaration declaration;
    const Tree* set = nullptr;
    std::optional<Value> value;
    enum class State { New, Evaluating, Done } state = State::New;
  };

  struct Collection {
    Names names;
    std::unordered_map<std::string, Address> by_name;
    std::unordered_map<std::string, Address> by_key;
  };

  [[noreturn]] static void report_cycle(const std::string& what, const Span& where,
                                        const Span& written);
  void add_parameters(std::size_t first);
  /// What is known of where the value came from that is being evaluated.
  Origin origin_of(const Draft& draft, const Tree& written) const;
  void evaluate_parameter(Parameter& parameter);
  class Deeper;
  void evaluate_property(Draft& draft, const PropertySchema& schema);
  void give(Draft& draft, const PropertySchema& schema, Value value);
  void evaluate_attribute(Draft& node, const Declaration& declaration);
  void report_missing_attribute(const Draft& node, const Declaration& declaration);
  void evaluate_items(Draft& item, const PropertySchema& schema, const Tree& written);
  void evaluate_networks(Draft& node);
  void evaluate_image(Draft& node, const PropertySchema& schema);

  /// Text of a file that was parsed: which file, from where on, and what the result shows as its
  /// place.
  using ParsedPlace = std::tuple<const SourceFile*, std::size_t, int, int>;

  const Registry& registry_;
  const Loader& loader_;
  Diagnostics& diagnostics_;
  Budget budget_;
  int depth_ = 0;                   ///< Of values that refer to values.
  std::vector<std::string> asked_;  ///< Parameters that the evaluated value asked for so far.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const NamedFile>> files_;
  std::map<ParsedPlace, std::pair<std::string, Scope::Parsed>> parsed_;
  std::vector<std::shared_ptr<const SourceFile>> kept_;  ///< Files of `parsed_`.
  std::set<Address> tests_;
  std::vector<std::unique_ptr<Draft>> all_;
  std::map<Address, Draft*> by_address_;
  std::map<Address, Collection> collections_;
  std::set<Address> left_out_;
  std::map<std::string, Parameter> parameters_;
};

/// What names mean at one place of the site: with `node` inside a node, its items and resources,
/// and `each` and `index` inside of copies.
class PlaceScope : public Scope {
 public:
  PlaceScope(Drafts& drafts, Address node) : drafts_(drafts), node_(std::move(node)) {}
  /// Inside of `place`, which is borrowed.
  PlaceScope(Drafts& drafts, const Draft& place)
      : drafts_(drafts), node_(place.node), place_(&place) {}

  std::optional<Value> find(const std::string& name) const override;
  std::vector<std::string> names() const override;
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span& where) const override;
  std::vector<std::string> members(const Address& address) const override;
  std::optional<Value::List> elements(const Address& address) const override;
  std::optional<Value> copy(const Address& collection, const std::string& key) const override;
  std::optional<bool> extends(const Address& address, const std::string& prototype) const override;
  std::vector<std::string> prototypes() const override;
  FilePointer file(const std::string& path, const std::string& from) const override {
    return drafts_.file(path, from);
  }
  Parsed parse(const Tree& scalar) const override { return drafts_.parse(scalar); }
  void spend(std::uint64_t steps) const override { drafts_.budget().spend(steps); }

 private:
  /// Which copy this place is: itself, else its node.
  const Copy* copy_here() const;
  std::optional<Value> attribute_of(Draft& draft, const std::string& name, const Span& where) const;
  Value property_of(Draft& draft, const std::string& name, const Span& where) const;

  Drafts& drafts_;
  Address node_;
  const Draft* place_ = nullptr;
};

}  // namespace encamp
