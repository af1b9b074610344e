// Small components for tests of the pure stages: schemas as the real ones have them, and no world.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/component/registry.h"

namespace encamp::test {

/// A component made of its schema and, where wanted, of what it adds to the graph.
class TestComponent : public Component {
 public:
  using Expand = std::function<void(const Resource&, Expansion&)>;

  explicit TestComponent(Schema schema, Expand expand = {})
      : schema_(std::move(schema)), expand_(std::move(expand)) {}

  const Schema& schema() const override { return schema_; }
  void expand(const Resource& resource, Expansion& expansion) const override {
    if (expand_)
      expand_(resource, expansion);
  }
  Attributes realize(const Properties&, const Record&, Context&) const override { return {}; }
  void remove(const Record&, Context&) const override {}

 private:
  Schema schema_;
  Expand expand_;
};

/// network, image, storage, node, package, file, service, command.
Registry test_registry();

}  // namespace encamp::test
