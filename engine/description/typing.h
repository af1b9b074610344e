// Gives what is written the type that its key wants: evaluates references, checks constraints,
// fills in defaults, and reports whatever does not fit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/component/schema.h"
#include "engine/description/diagnostic.h"
#include "engine/description/evaluate.h"
#include "engine/description/hints.h"
#include "engine/description/loader.h"
#include "engine/description/tree.h"

namespace re2 {
class RE2;
}

namespace encamp {

class Typing {
 public:
  Typing(const Scope& scope, const Loader& loader, Diagnostics& diagnostics)
      : scope_(scope), loader_(loader), diagnostics_(diagnostics) {}
  Typing(Scope&&, const Loader&, Diagnostics&) = delete;  // It keeps a reference to the scope.

  /// The value as `type` wants it, or nothing: what is wrong is reported then.
  std::optional<Value> read(const Tree& tree, const Type& type) const;
  /// Also keeps to the constraints of `property`.
  std::optional<Value> read(const Tree& tree, const PropertySchema& property) const;

  /// Of what need not be: the name of what `when` left out, or a reference that is null, is as if
  /// nothing were written.
  struct Optional {
    std::optional<Value> value;
    bool is_left_out = false;
  };
  Optional read_optional(const Tree& tree, const PropertySchema& property) const;

  /// The paths of `needs`: resources, one or a list. What is wrong is reported and left out.
  struct Path {
    Address address;
    Span where;
  };
  std::vector<Path> paths(const Tree& tree) const;

  /// Whether `pattern` is one of RE2's regular expressions, and no monstrous one; reports when not.
  bool check_pattern(const std::string& pattern, const Span& where) const;

 private:
  std::optional<Value> evaluated(const Expression& expression) const;
  void report_parts(const Expression& text) const;
  std::optional<Value> read_text(const std::string& text, const Tree& tree, const Type& type) const;
  std::optional<Value> read_list(const Tree& tree, const Type& type) const;
  std::optional<Value> read_mapping(const Tree& tree, const Type& type) const;
  std::optional<Value> read_fields(const Tree& tree, const Type& type) const;
  std::optional<Value> convert(const Value& value, const Type& type, const Span& where) const;
  std::optional<Value> file_named(const std::string& path, const Type& type,
                                  const Span& where) const;
  std::optional<Value> convert_pending(const Value& value, const Type& type,
                                       const Span& where) const;
  bool is_of(const Address& address, const Type& type) const;
  std::optional<Value> resource_named(const std::string& name, const Type& type,
                                      const Span& where) const;
  std::optional<Value::List> copies_named(const Value& name, const Type& type,
                                          const Span& where) const;
  bool keeps(const Value& value, const PropertySchema& property, const Tree& tree) const;
  bool keeps(const Value& value, const PropertySchema& property, const re2::RE2* pattern,
             const Tree& tree) const;
  bool is_left_out(const Tree& tree, const Type& type) const;
  bool leads_through_null(const Expression& path) const;
  void add_path(const Tree& entry, std::vector<Path>& found) const;
  void wrong_type(const std::string& wanted, const std::string& found, const Span& where,
                  std::string hint = {}) const;

  const Scope& scope_;
  const Loader& loader_;
  Diagnostics& diagnostics_;
};

/// Reports the keys of `mapping` that are none of `known`, except those that begin with `x-`.
/// Returns whether all are fine.
bool check_keys(const Tree& mapping, const std::vector<std::string>& known, const std::string& of,
                Diagnostics& diagnostics);

/// Whether a key of `mapping` that means nothing was most likely meant to be `key`; check_keys()
/// says so already.
bool has_misspelt(const Tree& mapping, const std::string& key,
                  const std::vector<std::string>& known);

/// Reports that a key is missing in `of`, with the caret at `where`.
void report_missing(const std::string& key, const std::string& of, const Span& where,
                    Diagnostics& diagnostics, std::string hint = {});

}  // namespace encamp
