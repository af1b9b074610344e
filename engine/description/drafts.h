// The resources of a site while it is resolved: declared by name first, their properties evaluated
// when they are asked for, because one may refer to another that stands further down.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/declaration.h"
#include "engine/description/diagnostic.h"
#include "engine/description/evaluate.h"
#include "engine/description/loader.h"
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
  bool faulty = false;  ///< Something in it is reported already.

  // Of a node.
  Address written_as;                        ///< `nodes.worker` of all its copies.
  int index = 0;                             ///< Which copy, from 1; 0 when it is none.
  std::shared_ptr<const Extended> extended;  ///< What `keys` points into.
  std::vector<Declaration> attributes;       ///< Declared by its prototypes.
  std::map<std::string, Value> attribute_values;

  /// The value written for a property; nullptr when there is none or it is null.
  const Tree* written(const std::string& property) const;
};

class Drafts {
 public:
  Drafts(const Registry& registry, const Loader& loader, Diagnostics& diagnostics)
      : registry_(registry), loader_(loader), diagnostics_(diagnostics) {}

  const Registry& registry() const { return registry_; }
  const Loader& loader() const { return loader_; }
  Diagnostics& diagnostics() const { return diagnostics_; }

  std::string site_name;
  std::string domain;
  const Prototypes* prototypes = nullptr;
  bool has_all_nodes = false;  ///< Until then nothing can ask which nodes there are.

  /// Declares a parameter; `set` is what it is given instead of its default, or nullptr.
  void add_parameter(Declaration declaration, const Tree* set);
  /// Likewise, one whose value is reported already.
  void add_wrong_parameter(Declaration declaration);
  std::vector<std::string> parameter_names() const;
  /// The value of a parameter, or nothing when there is none. Throws ExpressionError when it is
  /// wrong, which is reported then, or refers to itself.
  std::optional<Value> parameter(const std::string& name, const Span& where);

  /// Declares a resource under its address. REQUIRES: the address is free.
  Draft& add(Draft draft);
  /// Declares a name in a collection: of a resource, or of what has none behind it (a test).
  void add_name(const Address& collection, const std::string& name, const Address& address);

  /// Declares a collection that may stay empty: the copies of a node.
  void add_collection(const Address& collection) { collections_.try_emplace(collection); }
  /// A name that `when` left out: it is null.
  void leave_out(const Address& collection, const std::string& name) {
    left_out_.insert(child_address(collection, name));
  }
  bool is_left_out(const Address& address) const { return left_out_.contains(address); }

  /// Takes back the draft that was added last.
  void take_back();
  /// Whether the key `when` of a node or item lets it be; true where it is wrong, which is
  /// reported.
  bool is_wanted(const Draft& draft);

  Draft* find(const Address& address);
  const std::vector<std::unique_ptr<Draft>>& all() const { return all_; }

  using Names = std::vector<std::pair<std::string, Address>>;
  /// What is in `nodes`, `nodes.head.software`, ...; empty for what is no collection.
  const Names& in(const Address& collection) const;
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

  [[noreturn]] static void report_cycle(const std::string& what, const Span& where,
                                        const Span& written);
  void evaluate_parameter(Parameter& parameter);
  void evaluate_property(Draft& draft, const PropertySchema& schema);
  void evaluate_attribute(Draft& node, const Declaration& declaration);
  void report_missing_attribute(const Draft& node, const Declaration& declaration);
  void evaluate_items(Draft& item, const PropertySchema& schema, const Tree& written);
  void evaluate_networks(Draft& node);
  void evaluate_image(Draft& node, const PropertySchema& schema);

  const Registry& registry_;
  const Loader& loader_;
  Diagnostics& diagnostics_;
  std::vector<std::unique_ptr<Draft>> all_;
  std::map<Address, Draft*> by_address_;
  std::map<Address, Names> collections_;
  std::set<Address> left_out_;
  std::map<std::string, Parameter> parameters_;
};

/// What names mean at one place of the site: with `node` inside a node and its items.
class PlaceScope : public Scope {
 public:
  PlaceScope(Drafts& drafts, Address node) : drafts_(drafts), node_(std::move(node)) {}

  std::optional<Value> find(const std::string& name) const override;
  std::vector<std::string> names() const override;
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span& where) const override;
  std::vector<std::string> members(const Address& address) const override;
  std::optional<Value::List> elements(const Address& address) const override;
  std::optional<bool> extends(const Address& address, const std::string& prototype) const override;
  std::vector<std::string> prototypes() const override;
  std::optional<std::string> file(const std::string& path, const std::string& from) const override;

 private:
  std::optional<Value> attribute_of(Draft& draft, const std::string& name, const Span& where) const;
  Value property_of(Draft& draft, const std::string& name, const Span& where) const;

  Drafts& drafts_;
  Address node_;
};

}  // namespace encamp
