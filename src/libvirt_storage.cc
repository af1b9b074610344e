#include "src/libvirt_storage.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <libvirt/virterror.h>
#include <unistd.h>

#include "src/libvirt_error.h"
#include "src/libvirt_handle.h"
#include "src/libvirt_xml.h"
#include "src/local_chores.h"

namespace encamp {
namespace {

// What fits in one message of libvirt's protocol (VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX).
constexpr std::size_t kMessage = 262120;

/// An image is read by qemu's own user, so he must get through the directories to the volumes,
/// which are his while a machine has them. He needs to list nothing.
constexpr const char* kPoolMode = "0711";

PoolHandle find_pool_by_uuid(virConnectPtr connection, const Claim& claim) {
  PoolHandle pool(virStoragePoolLookupByUUIDString(connection, claim.uuid.c_str()));
  if (pool == nullptr && !last_error_is(VIR_ERR_NO_STORAGE_POOL))
    throw libvirt_error(fmt::format("cannot look up storage pool '{}'", claim.name));
  return pool;
}

PoolHandle find_pool_by_name(virConnectPtr connection, const std::string& name) {
  PoolHandle pool(virStoragePoolLookupByName(connection, name.c_str()));
  if (pool == nullptr && !last_error_is(VIR_ERR_NO_STORAGE_POOL))
    throw libvirt_error(fmt::format("cannot look up storage pool '{}'", name));
  return pool;
}

bool is_active(virStoragePoolPtr pool) {
  const std::string name = virStoragePoolGetName(pool);
  const int active = virStoragePoolIsActive(pool);
  if (active < 0)
    throw libvirt_error(fmt::format("cannot look at storage pool '{}'", name));
  return active == 1;
}

void start(virStoragePoolPtr pool) {
  const std::string name = virStoragePoolGetName(pool);
  if (is_active(pool) || (virStoragePoolBuild(pool, 0) == 0 && virStoragePoolCreate(pool, 0) == 0))
    return;
  const Error error = libvirt_error(fmt::format("cannot start storage pool '{}'", name));
  if (!is_active(pool))  // Another thread or process may have been faster.
    throw Error(error);
}

/// The pool, active: after a restart of its host one is not. Nothing when there is none.
PoolHandle find_started(virConnectPtr connection, const std::string& name) {
  PoolHandle pool = find_pool_by_name(connection, name);
  if (pool != nullptr)
    start(pool.get());
  return pool;
}

std::vector<VolumeHandle> volumes_of(virStoragePoolPtr pool) {
  const std::string name = virStoragePoolGetName(pool);
  virStorageVolPtr* array = nullptr;
  const int count = virStoragePoolListAllVolumes(pool, &array, 0);
  if (count < 0)
    throw libvirt_error(fmt::format("cannot list storage pool '{}'", name));
  return take_all<VolumeHandle>(array, count);
}

VolumeHandle find_in(virStoragePoolPtr pool, const VolumeId& id) {
  VolumeHandle volume(virStorageVolLookupByName(pool, id.name.c_str()));
  if (volume == nullptr && !last_error_is(VIR_ERR_NO_STORAGE_VOL))
    throw libvirt_error(fmt::format("cannot look up volume '{}/{}'", id.pool, id.name));
  return volume;
}

VolumeHandle get_volume(virConnectPtr connection, const VolumeId& id) {
  const PoolHandle pool = find_started(connection, id.pool);
  VolumeHandle volume = pool == nullptr ? nullptr : find_in(pool.get(), id);
  if (volume == nullptr)
    throw Error(ErrorKind::NotFound, fmt::format("there is no volume '{}/{}'", id.pool, id.name));
  return volume;
}

virStorageVolInfo info_of(virStorageVolPtr volume, const VolumeId& id) {
  virStorageVolInfo info{};
  if (virStorageVolGetInfo(volume, &info) != 0)
    throw libvirt_error(fmt::format("cannot look at volume '{}/{}'", id.pool, id.name));
  return info;
}

void send(virStreamPtr stream, std::string_view data, const std::string& tried) {
  while (!data.empty()) {
    const int sent = virStreamSend(stream, data.data(), std::min(data.size(), kMessage));
    if (sent < 0)
      throw libvirt_error(tried);
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void skip(virStreamPtr stream, std::int64_t length, const std::string& tried) {
  if (length > 0 && virStreamSendHole(stream, length, 0) != 0)
    throw libvirt_error(tried);
}

void upload(virConnectPtr connection, virStorageVolPtr volume, Content& content,
            const std::string& tried) {
  const StreamHandle stream(virStreamNew(connection, 0));
  const auto size = static_cast<unsigned long long>(content.size().count);
  if (stream == nullptr ||
      virStorageVolUpload(volume, stream.get(), 0, size, VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) != 0)
    throw libvirt_error(tried);
  try {
    std::int64_t position = 0;
    while (const std::optional<Extent> extent = content.next()) {
      skip(stream.get(), extent->offset - position, tried);
      send(stream.get(), extent->data, tried);
      position = extent->offset + static_cast<std::int64_t>(extent->data.size());
    }
    skip(stream.get(), content.size().count - position, tried);
    if (virStreamFinish(stream.get()) != 0)
      throw libvirt_error(tried);
  } catch (...) {
    virStreamAbort(stream.get());
    throw;
  }
}

std::string download_tail(virConnectPtr connection, virStorageVolPtr volume, const VolumeId& id,
                          std::size_t limit) {
  const std::string tried = fmt::format("cannot read volume '{}/{}'", id.pool, id.name);
  const std::size_t size = info_of(volume, id).capacity;
  const std::size_t length = std::min(size, limit);
  std::string tail;
  if (length == 0)
    return tail;
  const StreamHandle stream(virStreamNew(connection, 0));
  if (stream == nullptr ||
      virStorageVolDownload(volume, stream.get(), size - length, length, 0) != 0)
    throw libvirt_error(tried);
  std::string buffer(kMessage, '\0');
  while (true) {
    const int received = virStreamRecv(stream.get(), buffer.data(), buffer.size());
    if (received < 0) {
      const Error error = libvirt_error(tried);
      virStreamAbort(stream.get());
      throw Error(error);
    }
    if (received == 0)
      break;
    tail.append(buffer, 0, static_cast<std::size_t>(received));
  }
  virStreamFinish(stream.get());
  return tail;
}

/// libvirt's log daemon goes on in `<name>.console.0` when a console exceeds 2 MiB.
bool is_rotated_console(const std::string& name) {
  return name.size() > 10 && name.substr(name.size() - 10, 9) == ".console." &&
         name.back() >= '0' && name.back() <= '9';
}

// The directory of a pool below the host's storage. Short, because libvirt attaches no loop device
// to a file whose path has more than 63 bytes (LO_NAME_SIZE); docs/nodes.md has the sum.
std::string directory_of(const Claim& claim) {
  constexpr std::string_view kPrefix = "encamp.";
  constexpr std::size_t kLongest = 16;
  std::string name =
      claim.name.starts_with(kPrefix) ? claim.name.substr(kPrefix.size()) : claim.name;
  if (name.size() > kLongest)
    name = name.substr(0, 7) + "-" + claim.uuid.substr(0, 8);
  return name;
}

}  // namespace

std::string pool_xml(const Claim& claim, const std::string& storage) {
  Element permissions("permissions");
  permissions.add(Element("mode").text(kPoolMode));
  Element target("target");
  target.add(Element("path").text(storage + "/" + directory_of(claim))).add(std::move(permissions));
  Element pool("pool");
  pool.set("type", "dir")
      .add(Element("name").text(claim.name))
      .add(Element("uuid").text(claim.uuid))
      .add(std::move(target));
  return pool.str();
}

std::string volume_xml(const std::string& name, Bytes capacity) {
  Element volume("volume");
  volume.add(Element("name").text(name))
      .add(Element("capacity").set("unit", "bytes").text(std::to_string(capacity.count)))
      .add(Element("allocation").text("0"))
      .add(Element("target").add(Element("format").set("type", "raw")));
  return volume.str();
}

std::string directory_xml(const std::string& name) {
  Element permissions("permissions");
  permissions.add(Element("mode").text("0755"))
      .add(Element("owner").text("0"))
      .add(Element("group").text("0"));
  Element volume("volume");
  volume.set("type", "dir")
      .add(Element("name").text(name))
      .add(Element("capacity").set("unit", "bytes").text("0"))
      .add(std::move(
          Element("target").add(Element("format").set("type", "dir")).add(std::move(permissions))));
  return volume.str();
}

std::optional<PoolState> LibvirtStorage::find_pool(const Claim& claim) {
  return connections_.any().with([&](virConnectPtr connection) -> std::optional<PoolState> {
    PoolHandle pool = find_pool_by_uuid(connection, claim);
    if (pool == nullptr)
      pool = find_pool_by_name(connection, claim.name);
    if (pool == nullptr)
      return std::nullopt;
    PoolState state;
    char uuid[VIR_UUID_STRING_BUFLEN];
    if (virStoragePoolGetUUIDString(pool.get(), uuid) != 0)
      throw libvirt_error(fmt::format("cannot look at storage pool '{}'", claim.name));
    state.uuid = uuid;
    state.active = is_active(pool.get());
    if (state.active)
      for (const VolumeHandle& volume : volumes_of(pool.get()))
        state.volumes.emplace_back(virStorageVolGetName(volume.get()));
    return state;
  });
}

void LibvirtStorage::create_pool(const Claim& claim) {
  connections_.any().with([&](virConnectPtr connection) {
    PoolHandle pool = find_pool_by_uuid(connection, claim);
    if (pool == nullptr)
      pool.reset(virStoragePoolDefineXML(connection, pool_xml(claim, storage_).c_str(), 0));
    if (pool == nullptr)
      throw libvirt_error(fmt::format("cannot define storage pool '{}'", claim.name));
    start(pool.get());
  });
}

void LibvirtStorage::remove_pool(const Claim& claim) {
  connections_.any().with([&](virConnectPtr connection) {
    const PoolHandle pool = find_pool_by_uuid(connection, claim);
    if (pool == nullptr)
      return;
    const std::string tried = fmt::format("cannot remove storage pool '{}'", claim.name);
    if (is_active(pool.get())) {
      if (virStoragePoolRefresh(pool.get(), 0) == 0)
        for (const VolumeHandle& volume : volumes_of(pool.get()))
          if (is_rotated_console(virStorageVolGetName(volume.get())))
            virStorageVolDelete(volume.get(), 0);  // Its failure shows below.
      if (virStoragePoolDestroy(pool.get()) != 0) {
        const Error error = libvirt_error(tried);
        if (is_active(pool.get()))
          throw Error(error);
      }
    }
    if (virStoragePoolDelete(pool.get(), 0) != 0 && !last_error_is_errno(ENOENT) &&
        !last_error_says("No such file or directory")) {
      const Error error = libvirt_error(tried);
      virStoragePoolCreate(pool.get(), 0);  // Or its volumes would not be seen.
      throw Error(error);
    }
    if (virStoragePoolUndefine(pool.get()) != 0 && !last_error_is(VIR_ERR_NO_STORAGE_POOL))
      throw libvirt_error(tried);
  });
}

std::optional<VolumeState> LibvirtStorage::find_volume(const VolumeId& id) {
  return connections_.any().with([&](virConnectPtr connection) -> std::optional<VolumeState> {
    const PoolHandle pool = find_started(connection, id.pool);
    const VolumeHandle volume = pool == nullptr ? nullptr : find_in(pool.get(), id);
    if (volume == nullptr)
      return std::nullopt;
    const virStorageVolInfo info = info_of(volume.get(), id);
    return VolumeState{.capacity = {static_cast<std::int64_t>(info.capacity)},
                       .allocation = {static_cast<std::int64_t>(info.allocation)}};
  });
}

void LibvirtStorage::create_volume(const VolumeId& id, Content& content) {
  find_volume(id);  // Replaces connections that broke; what follows cannot be repeated.
  connections_.any().with_once([&](virConnectPtr connection) {
    const PoolHandle pool = find_started(connection, id.pool);
    if (pool == nullptr)
      throw Error(ErrorKind::NotFound, fmt::format("there is no storage pool '{}'", id.pool));
    const std::string tried = fmt::format("cannot create volume '{}/{}'", id.pool, id.name);
    const VolumeHandle volume(
        virStorageVolCreateXML(pool.get(), volume_xml(id.name, content.size()).c_str(), 0));
    if (volume == nullptr)
      throw libvirt_error(tried);
    if (content.size().count == 0)
      return;
    try {
      upload(connection, volume.get(), content, tried);
    } catch (...) {
      // Never left half full. When the connection is what broke, it stays, and the caller's
      // look-up finds it.
      virStorageVolDelete(volume.get(), 0);
      throw;
    }
  });
}

void LibvirtStorage::create_directory(const VolumeId& id) {
  find_volume(id);  // Replaces connections that broke.
  connections_.any().with_once([&](virConnectPtr connection) {
    const PoolHandle pool = find_started(connection, id.pool);
    if (pool == nullptr)
      throw Error(ErrorKind::NotFound, fmt::format("there is no storage pool '{}'", id.pool));
    const VolumeHandle volume(
        virStorageVolCreateXML(pool.get(), directory_xml(id.name).c_str(), 0));
    if (volume == nullptr)
      throw libvirt_error(fmt::format("cannot create volume '{}/{}'", id.pool, id.name));
  });
}

void LibvirtStorage::grow_volume(const VolumeId& id, Bytes size) {
  connections_.any().with([&](virConnectPtr connection) {
    const VolumeHandle volume = get_volume(connection, id);
    const auto wanted = static_cast<unsigned long long>(size.count);
    if (info_of(volume.get(), id).capacity < wanted &&
        virStorageVolResize(volume.get(), wanted, 0) != 0)
      throw libvirt_error(fmt::format("cannot grow volume '{}/{}'", id.pool, id.name));
  });
}

void LibvirtStorage::remove_volume(const VolumeId& id) {
  connections_.any().with([&](virConnectPtr connection) {
    const PoolHandle pool = find_started(connection, id.pool);
    const VolumeHandle volume = pool == nullptr ? nullptr : find_in(pool.get(), id);
    if (volume != nullptr && virStorageVolDelete(volume.get(), 0) != 0 &&
        !last_error_is(VIR_ERR_NO_STORAGE_VOL))
      throw libvirt_error(fmt::format("cannot remove volume '{}/{}'", id.pool, id.name));
  });
}

std::string LibvirtStorage::read_tail(const VolumeId& id, std::size_t limit) {
  return connections_.any().with([&](virConnectPtr connection) {
    return download_tail(connection, get_volume(connection, id).get(), id, limit);
  });
}

std::string LibvirtStorage::read_path_tail(const std::string& path, std::size_t limit) {
  return connections_.any().with([&](virConnectPtr connection) {
    const VolumeHandle volume(virStorageVolLookupByPath(connection, path.c_str()));
    if (volume == nullptr)
      return std::string();
    const PoolHandle pool(virStoragePoolLookupByVolume(volume.get()));
    return download_tail(connection, volume.get(),
                         {.pool = pool == nullptr ? "" : virStoragePoolGetName(pool.get()),
                          .name = virStorageVolGetName(volume.get())},
                         limit);
  });
}

std::string LibvirtStorage::path_of(const VolumeId& id) {
  return connections_.any().with([&](virConnectPtr connection) {
    const VolumeHandle volume = get_volume(connection, id);
    std::string path = take_text(virStorageVolGetPath(volume.get()));
    if (path.empty())
      throw libvirt_error(fmt::format("cannot look at volume '{}/{}'", id.pool, id.name));
    return path;
  });
}

std::string LibvirtStorage::name_at(const std::string& pool, const std::string& path) {
  return connections_.any().with([&](virConnectPtr connection) {
    const VolumeHandle volume(virStorageVolLookupByPath(connection, path.c_str()));
    const PoolHandle its(volume == nullptr ? nullptr : virStoragePoolLookupByVolume(volume.get()));
    return its != nullptr && pool == virStoragePoolGetName(its.get())
               ? std::string(virStorageVolGetName(volume.get()))
               : std::string();
  });
}

Bytes LibvirtStorage::free_space() {
  if (connections_.is_local())
    return local::free_space(storage_);
  return connections_.any().with([&](virConnectPtr connection) {
    // A pool that is not kept tells the space of its directory. It needs one that exists: the
    // storage's, or the nearest above it. Listing these is cheap; none holds large files.
    namespace fs = std::filesystem;
    for (fs::path path = storage_;; path = path.parent_path()) {
      Element pool("pool");
      pool.set("type", "dir")
          .add(Element("name").text(fmt::format("encamp.space.{}", getpid())))
          .add(Element("target").add(Element("path").text(path)));
      const PoolHandle probe(virStoragePoolCreateXML(connection, pool.str().c_str(), 0));
      if (probe != nullptr) {
        virStoragePoolInfo info{};
        const int got = virStoragePoolGetInfo(probe.get(), &info);
        virStoragePoolDestroy(probe.get());
        if (got == 0)
          return Bytes{static_cast<std::int64_t>(info.available)};
      }
      if (!path.has_relative_path())
        throw libvirt_error(fmt::format("cannot tell the free space of '{}'", storage_));
    }
  });
}

}  // namespace encamp
