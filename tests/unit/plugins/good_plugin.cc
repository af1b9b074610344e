// A component that does nothing, in a plugin that is as it should be.
#include "engine/component/plugin.h"

namespace {

class Good : public encamp::Component {
 public:
  const encamp::Schema& schema() const override { return schema_; }
  encamp::Attributes realize(const encamp::Properties&, const encamp::Record&,
                             encamp::Context&) const override {
    return {};
  }
  void remove(const encamp::Record&, encamp::Context&) const override {}

 private:
  encamp::Schema schema_{.component = "good", .section = "resources"};
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{
      encamp::kAbi, [](encamp::Registry& registry) { registry.add(std::make_unique<Good>()); }};
  return &plugin;
}
