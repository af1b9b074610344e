// The resources of a site while it is resolved: declared by name first, their properties evaluated
// when they are asked for, because one may refer to another that stands further down.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/budget.h"
#include "engine/description/diagnostic.h"
#include "engine/description/draft.h"
#include "engine/description/evaluate.h"
#include "engine/description/loader.h"
#include "engine/description/name_map.h"
#include "engine/description/outline.h"

namespace encamp {

class Drafts {
 public:
  Drafts(const Registry& registry, const Loader& loader, Diagnostics& diagnostics,
         const ResolveBudget& budget)
      : registry_(registry), loader_(loader), diagnostics_(diagnostics), budget_(budget) {}

  const Registry& registry() const { return registry_; }
  const Loader& loader() const { return loader_; }
  Diagnostics& diagnostics() const { return diagnostics_; }
  Budget& budget() { return budget_; }

  std::string site_name;
  std::string domain;
  const Prototypes* prototypes = nullptr;
  bool is_whole = true;        ///< Else what is unknown may be in a file that could not be read.
  bool has_all_nodes = false;  ///< Until then nothing can ask which nodes there are.
  bool has_all_resources = false;  ///< Likewise, of the site's resources and volumes.
  /// Whether it can be asked which there are in this section.
  bool has_all(std::string_view section) const {
    return section == "nodes"
               ? has_all_nodes
               : has_all_resources || (section != "resources" && section != "volumes");
  }
  /// Where values come from is kept here when it is there.
  std::unique_ptr<Outline> outline;

  // Files and texts: drafts_files.cc

  /// A file that the one named `from` names, read once. Throws Error.
  std::shared_ptr<const NamedFile> file(const std::string& path, const std::string& from);
  /// parse_scalar(), once for all copies. Throws ExpressionError.
  Scope::Parsed parse(const Tree& scalar);

  // Parameters: drafts_parameters.cc

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
  /// The value at hand asks for what came from these parameters: they are origins of it too.
  void note_parameters(const std::vector<std::string>& names);
  /// Whether `mistake` was not found yet in what the value at hand came from; always when it came
  /// from no parameter.
  bool is_news(const std::string& mistake) {
    return asked_.empty() || mistakes_.emplace(mistake, asked_).second;
  }
  /// Evaluates a value by `work`; what it reports of the value, not of others that it asks for,
  /// says which parameters it came from. Returns their names.
  template <typename Work>
  std::vector<std::string> told_parameters(const Work& work) {
    add_parameters();
    std::vector<std::string> around = std::exchange(asked_, {});
    ++telling_;
    work();
    --telling_;
    add_parameters();
    std::vector<std::string> own = std::exchange(asked_, std::move(around));
    return own;
  }

  // Declarations and names: drafts.cc

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
  /// The definition of a name is wrong, which is reported: who asks for it says nothing more.
  void break_name(const Address& collection, const std::string& name) {
    broken_.insert(child_address(collection, name));
  }
  /// Likewise, when it is not known which names a collection would have.
  void break_collection(const Address& collection) { incomplete_.insert(collection); }
  bool is_broken(const Address& collection, const std::string& name) const;
  bool is_incomplete(const Address& collection) const { return incomplete_.contains(collection); }
  /// Declares a test, which has no attributes.
  void add_test(const Address& collection, const std::string& name);
  bool is_test(const Address& address) const { return tests_.contains(address); }

  Draft* find(const Address& address);
  const std::vector<std::unique_ptr<Draft>>& all() const { return all_; }

  using Names = std::vector<std::pair<std::string, Address>>;
  /// What is in `nodes`, `nodes.head.software`, ...; empty for what is no collection.
  const Names& in(const Address& collection) const;
  /// What one of these names stands for, or the key of a copy; nullptr when nothing does.
  const Address* named(const Address& collection, const std::string& name) const;
  const Address* keyed(const Address& collection, const std::string& key) const;
  bool is_collection(const Address& address) const { return collections_.contains(address); }

  // Values: drafts_values.cc, drafts_nodes.cc, evaluate_items.cc

  /// Whether the key `when` of a node, resource or item lets it be; true where it is wrong, which
  /// is reported.
  bool is_wanted(const Draft& draft) {
    return draft.keys == nullptr || is_wanted(draft, *draft.keys);
  }
  /// Likewise, with the keys of a resource, which are not those of its component.
  bool is_wanted(const Draft& draft, const Tree& keys);
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
    std::vector<std::string> asked;  ///< Parameters that its default came from.
    enum class State { New, Evaluating, Done } state = State::New;
  };

  struct Collection {
    Names names;
    /// Places in `names`, once there are many or one has two names.
    std::unordered_map<std::string, std::size_t> by_name;
    std::unordered_map<std::string, std::size_t> by_key;
  };

  /// What is the same for all copies of a resource, because nothing in it refers to anything.
  struct Constants {
    Properties properties;
    SharedMap<Span> places;
    std::vector<Draft::Evaluation> evaluations;
    bool faulty = false;
  };

  /// Values may refer to values that refer to values, and each takes some of the stack.
  class Deeper {
   public:
    Deeper(Drafts& drafts, const Span& where);  // Throws ExpressionError.
    ~Deeper() { --drafts_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Drafts& drafts_;
  };

  static void fill_index(Collection& collection);
  [[noreturn]] static void report_cycle(const std::string& what, const Span& where,
                                        const Span& written);
  void add_parameters();
  void evaluate_parameter(Parameter& parameter);
  void begin(Draft& draft);
  void note_origins(const Draft& draft, std::size_t index);
  void outline_value(const Draft& draft, const std::string& name, const Tree& written,
                     std::vector<std::string> parameters);
  void evaluate_property(Draft& draft, std::size_t index);
  static void add_places(Draft& draft, const std::string& name, const Tree& written);
  void give(Draft& draft, const PropertySchema& schema, Value value);
  void evaluate_attribute(Draft& node, std::size_t index);
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
  std::vector<std::string> asked_;  ///< Parameters that the value at hand came from so far.
  int telling_ = 0;                 ///< Calls of told_parameters() that are at work.
  std::size_t told_ = 0;            ///< Diagnostics that say already which parameters are meant.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const NamedFile>> files_;
  std::map<ParsedPlace, std::pair<std::string, Scope::Parsed>> parsed_;
  std::vector<std::shared_ptr<const SourceFile>> kept_;  ///< Files of `parsed_`.
  std::unordered_set<Address> tests_;
  std::vector<std::unique_ptr<Draft>> all_;
  NameMap<Draft*> by_address_;  ///< The drafts keep their addresses.
  std::unordered_map<Address, Collection> collections_;
  std::unordered_set<Address> left_out_;
  std::unordered_set<Address> broken_;
  std::unordered_set<Address> incomplete_;
  std::set<std::pair<std::string, std::vector<std::string>>> mistakes_;  ///< In parameters.
  std::unordered_map<const Tree*, Constants> constants_;  ///< By the keys of the resource.
  std::map<std::string, Parameter> parameters_;
  std::set<std::string> lacks_;  ///< What the site has none of, told once for all its nodes.
};

}  // namespace encamp
