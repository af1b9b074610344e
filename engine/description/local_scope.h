// A scope inside another one, with more names.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/description/evaluate.h"

namespace encamp {

/// The element of an Each, the variables of a loop. Borrows the scope around it.
class LocalScope : public Scope {
 public:
  LocalScope(const Scope& outer, Value::Mapping locals)
      : outer_(outer), locals_(std::move(locals)) {}

  std::optional<Value> find(const std::string& name) const override {
    const auto local = std::ranges::find(locals_, name, &Value::Entry::key);
    return local != locals_.end() ? local->value : outer_.find(name);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names = outer_.names();
    for (const Value::Entry& local : locals_) {
      if (local.key != "*")
        names.push_back(local.key);
    }
    return names;
  }
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span& where) const override {
    return outer_.member(address, name, where);
  }
  std::vector<std::string> members(const Address& address) const override {
    return outer_.members(address);
  }
  std::optional<Value::List> elements(const Address& address) const override {
    return outer_.elements(address);
  }
  std::string component_of(const Address& address) const override {
    return outer_.component_of(address);
  }
  std::optional<Value> copy(const Address& collection, const std::string& key) const override {
    return outer_.copy(collection, key);
  }
  std::optional<bool> extends(const Address& address, const std::string& prototype) const override {
    return outer_.extends(address, prototype);
  }
  std::vector<std::string> prototypes() const override { return outer_.prototypes(); }
  FilePointer file(const std::string& path, const std::string& from) const override {
    return outer_.file(path, from);
  }
  bool is_open(const NamedFile& file) const override { return outer_.is_open(file); }
  Parsed parse(const Tree& scalar) const override { return outer_.parse(scalar); }
  std::optional<Value> attribute(const AttributeReference& reference) const override {
    return outer_.attribute(reference);
  }
  void spend(std::uint64_t steps) const override { outer_.spend(steps); }

 private:
  const Scope& outer_;
  Value::Mapping locals_;
};

/// Inside of a template: it cannot contain itself.
class TemplateScope : public LocalScope {
 public:
  TemplateScope(const Scope& outer, const NamedFile& file) : LocalScope(outer, {}), file_(file) {}

  bool is_open(const NamedFile& file) const override {
    return file.absolute == file_.absolute || LocalScope::is_open(file);
  }

 private:
  const NamedFile& file_;
};

}  // namespace encamp
