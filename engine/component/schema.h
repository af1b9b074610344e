// What a component says of itself: its properties and attributes. Validation, `encamp component
// show`, the JSON Schema for editors and the reference pages all come from this one schema.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/description/value.h"

namespace encamp {

/// The type of a property, attribute, parameter: what is accepted and what it becomes.
struct Type {
  enum class Kind {
    Any,   ///< Whatever stands there, by YAML 1.2 core.
    Text,  ///< Any scalar, as it is written.
    Integer,
    Number,
    Boolean,
    Size,       ///< Bytes
    Time,       ///< A Duration.
    Ip,         ///< An IPv4 address, as text.
    Subnet,     ///< `10.0.0.0/24`, as text.
    Path,       ///< An absolute path on a node, as text.
    Source,     ///< A path of this machine, relative to the file that says it; becomes absolute.
    Bytes,      ///< Likewise, but becomes what is in the file, as it is.
    Template,   ///< Likewise, with the references in it resolved.
    Parsed,     ///< Likewise, but becomes what `parse` makes of the file.
    Directory,  ///< Likewise, but a directory; becomes all that is in it (file_tree.h).
    Mode,       ///< File mode, octal text `0644`.
    Reference,  ///< The bare name of a resource in `section`, or a reference to it. In the section
                ///< `software`, in a list: names, paths or directories `/etc/x/` of items above on
                ///< the same node that have a `digest`.
    List,       ///< Of `item`; a single item is a list of one where `or_one` holds.
    Mapping,    ///< Of text to `item`, or with the keys `fields` alone when there are any.
  };

  Kind kind = Kind::Any;
  std::string section;                        ///< Reference: `nodes`, `networks`, `images`, ...
  std::string component;                      ///< Reference: of this kind alone, when there is one.
  std::vector<Type> item;                     ///< List, Mapping: at most one; none means Any.
  bool or_one = false;                        ///< List: a scalar stands for a list of one.
  std::vector<struct PropertySchema> fields;  ///< Mapping with fixed keys.
  /// Parsed: what is kept of a file instead of its bytes. Pure; throws Error when it cannot be one.
  Value (*parse)(const std::string& path, std::string_view bytes) = nullptr;

  /// Of what a List or Mapping is.
  const Type& item_type() const;
};

/// What a changed property means for a resource that exists.
enum class OnChange {
  Update,   ///< Changed in place.
  Replace,  ///< Removed and made again; whatever lies in it starts anew.
  Ignore,   ///< Concerns only how the engine goes about it.
};

struct PropertySchema {
  std::string name;
  Type type;
  std::string about;  ///< One sentence for the reference page.
  bool required = false;
  std::optional<Value> fallback;  ///< The default; without it the property may be missing.
  OnChange on_change = OnChange::Update;
  /// The property that the component gets it as: a file's `template` gives `content`. Of those that
  /// give the same only one may be written.
  std::string gives;
  std::vector<std::string> one_of;     ///< Text: the only accepted values.
  std::optional<std::string> pattern;  ///< Text: RE2, must match all of it.
  std::optional<Value> least;          ///< Integer, Number, Size, Duration.
  std::optional<Value> most;
  bool chosen = false;  ///< Set by resolve or bind (an address, a MAC): writing it is a mistake.

  const std::string& given_as() const { return gives.empty() ? name : gives; }
};

/// When an attribute is known.
enum class Phase {
  Known,   ///< When the file is read.
  Chosen,  ///< At bind, for this deployment on its hosts; waits for nobody.
  Late,    ///< Once the resource is realized; who refers to it needs it.
};

struct AttributeSchema {
  std::string name;
  Type type;
  Phase phase = Phase::Late;
  bool secret = false;
  std::string with = {};  ///< Only what has this property written has the attribute.
  std::string about;
};

struct Schema {
  std::string component;  ///< `file`: the name, and the key of a software item.
  std::string section;    ///< Where it stands: `networks`, `images`, `nodes`, `software`, ...
  std::string about;
  /// The property that the component's own key gives: `file: /etc/x` gives `path`. Empty when
  /// the entry's key in its section is the name and there is no such property.
  std::string subject;
  std::vector<PropertySchema> properties;
  std::vector<AttributeSchema> attributes;
  /// True when what it makes belongs to no deployment and outlives them: an image.
  bool shared = false;
  /// True when what it makes runs, and ends with its node: a service.
  bool runs = false;

  const PropertySchema* find_property(std::string_view name) const;
  const AttributeSchema* find_attribute(std::string_view name) const;
};

}  // namespace encamp
