#include "engine/component/plugin.h"

#include "components/group/group.h"

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{encamp::kAbi, [](encamp::Registry& registry) {
                                       registry.add(encamp::make_group_component());
                                     }};
  return &plugin;
}
