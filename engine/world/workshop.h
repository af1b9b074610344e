// Builds images and disks on this machine: the one place of encamp that makes files here. What it
// made goes to a host through Host::create_volume. Threads: any, at the same time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/world/content.h"
#include "engine/world/guest.h"
#include "engine/world/host.h"
#include "engine/world/local_package.h"
#include "engine/world/repository.h"

namespace encamp {

/// Everything that goes into an image; equal recipes, equal images.
struct ImageRecipe {
  std::string debian;                    ///< Release: `bookworm`; empty: `file`.
  std::string architecture;              ///< Empty: this machine's.
  std::string mirror;                    ///< Empty: what this machine's apt uses for that release.
  std::string file;                      ///< Of this machine: a root tarball, raw or qcow2 disk.
  std::string sha256;                    ///< Of that file, in hexadecimal.
  std::vector<std::string> packages;     ///< Installed on top, without recommended ones.
  std::vector<Repository> repositories;  ///< Where more of them come from.
  std::vector<std::string> prepare;      ///< Scripts that are run in it before, by `sh -e`.
  /// What is taken of these instead of the repositories': packages and what they need.
  std::vector<LocalPackage> files;
  /// Digest of the items that are realized in it after the packages, and what does it in the tree.
  std::string software;
  std::function<void(Guest&)> realize;
  /// What all nodes of the site install; of `files` each is to be one of these, or needed by one.
  std::vector<std::string> site_packages;
};

/// The parts of an image: each becomes a volume.
struct BuiltImage {
  std::unique_ptr<Content> root;    ///< ext4
  std::unique_ptr<Content> kernel;  ///< Machines only.
  std::unique_ptr<Content> initrd;  ///< Machines only.
};

/// A file of a node's own disk, as the guest's init expects it (docs/nodes.md).
struct DiskFile {
  std::string path;  ///< Below the disk's root, without a leading slash.
  int mode = 0644;
  std::string content;
};

struct DiskSpec {
  Bytes size;                   ///< At least 64 MiB.
  std::vector<DiskFile> files;  ///< The init is added to them.
};

class Workshop {
 public:
  using Progress = std::function<void(const std::string&)>;

  virtual ~Workshop() = default;

  /// Names the image of that recipe by the hash of everything that goes in, package index
  /// included: letters and digits, at most 20. `machine` is a variant of its own, with a kernel.
  virtual std::string key(const ImageRecipe& recipe, Isolation isolation) = 0;

  /// Whoever holds it is the only one on this machine to build and upload the image of a key.
  class Reservation {
   public:
    virtual ~Reservation() = default;
  };
  /// Nothing while another one holds it, in this process or another. The kernel frees it when its
  /// holder dies. Look whether the image is there after it was granted: the other has made it.
  virtual std::unique_ptr<Reservation> try_reserve(const std::string& /*key*/) {
    return std::make_unique<Reservation>();
  }

  /// Builds it. Packages downloaded once are kept for later builds. Throws Error(Failed) with the
  /// tool's last lines.
  virtual BuiltImage build(const ImageRecipe& recipe, Isolation isolation,
                           const Progress& progress) = 0;

  /// The bytes of a file of this machine that a description names. Throws Error.
  virtual std::string read(const std::string& path) = 0;

  /// A node's own disk, an ext4 file system of `spec.size` with the files on it. Milliseconds.
  virtual std::unique_ptr<Content> make_disk(const DiskSpec& spec) = 0;
};

}  // namespace encamp
