#include "engine/component/plugin.h"

#include "components/archive/archive.h"

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{encamp::kAbi, [](encamp::Registry& registry) {
                                       registry.add(encamp::make_archive_component());
                                     }};
  return &plugin;
}
