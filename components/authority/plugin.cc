#include "engine/component/plugin.h"

#include "components/authority/authority.h"

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{encamp::kAbi, [](encamp::Registry& registry) {
                                       registry.add(encamp::make_authority_component());
                                       registry.add(encamp::make_certificate_component());
                                     }};
  return &plugin;
}
