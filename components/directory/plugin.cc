#include "engine/component/plugin.h"

#include <memory>

#include "components/directory/directory.h"

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{encamp::kAbi, [](encamp::Registry& registry) {
                                       registry.add(std::make_unique<encamp::DirectoryComponent>());
                                     }};
  return &plugin;
}
