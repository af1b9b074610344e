// How a component gets into the program: a shared object with one C function.
//
//     extern "C" const encamp::Plugin* encamp_plugin() {
//       static const encamp::Plugin plugin{encamp::kAbi, [](encamp::Registry& registry) {
//         registry.add(std::make_unique<MyComponent>());
//       }};
//       return &plugin;
//     }
//
// The ABI text says everything that must be equal on both sides: digest of the public headers,
// compiler, standard library, sanitizers. It is compared before anything else of the plugin is
// called, because with a changed vtable the wrong function would be called.
#pragma once

#include "engine/component/abi.h"  // generated: kAbi
#include "engine/component/registry.h"

namespace encamp {

struct Plugin {
  const char* abi;
  void (*add)(Registry&);
};

using PluginFunction = const Plugin* (*)();
inline constexpr const char* kPluginFunction = "encamp_plugin";

}  // namespace encamp

extern "C" const encamp::Plugin* encamp_plugin();
