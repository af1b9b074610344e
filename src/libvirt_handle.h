// libvirt's handles with an owner. For src/libvirt_*.cc alone: it brings libvirt's headers along.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <libvirt/libvirt.h>

namespace encamp {

template <auto Function>
struct FreeBy {
  template <typename T>
  void operator()(T* handle) const {
    Function(handle);
  }
};

using DomainHandle = std::unique_ptr<virDomain, FreeBy<virDomainFree>>;
using NetworkHandle = std::unique_ptr<virNetwork, FreeBy<virNetworkFree>>;
using PoolHandle = std::unique_ptr<virStoragePool, FreeBy<virStoragePoolFree>>;
using VolumeHandle = std::unique_ptr<virStorageVol, FreeBy<virStorageVolFree>>;
using StreamHandle = std::unique_ptr<virStream, FreeBy<virStreamFree>>;

/// Text that libvirt allocated; empty for nullptr.
inline std::string take_text(char* text) {
  const std::unique_ptr<char, FreeBy<std::free>> owned(text);
  return text == nullptr ? std::string() : std::string(text);
}

/// An array of `count` handles that libvirt allocated; none when `count` is negative.
template <typename Handle>
std::vector<Handle> take_all(typename Handle::pointer* array, int count) {
  std::vector<Handle> handles;
  for (int i = 0; i < count; ++i)
    handles.emplace_back(array[i]);
  if (count >= 0)
    std::free(array);
  return handles;
}

}  // namespace encamp
