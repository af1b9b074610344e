// Says that it was built for another encamp, and dies when anything else of it is called.
#include <cstdlib>

#include "engine/component/plugin.h"

extern "C" __attribute__((visibility("default"))) const encamp::Plugin* encamp_plugin() {
  static const encamp::Plugin plugin{"encamp-0.0 of long ago",
                                     [](encamp::Registry&) { std::abort(); }};
  return &plugin;
}
