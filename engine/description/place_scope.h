// What names in an expression mean, wherever it stands in a site.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/description/drafts.h"
#include "engine/description/evaluate.h"

namespace encamp {

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
  std::string component_of(const Address& address) const override;
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
  bool is_in_a_node() const;
  const Copy* copy_here() const;
  std::optional<Value> attribute_of(Draft& draft, const std::string& name, const Span& where) const;
  Value property_of(Draft& draft, const std::string& name, const Span& where) const;

  Drafts& drafts_;
  Address node_;
  const Draft* place_ = nullptr;
};

}  // namespace encamp
