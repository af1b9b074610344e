// Builds images and disks in a directory of this machine (docs/images.md):
//
//     LocalWorkshop workshop("/usr/lib/encamp/encamp-init");
//     const std::string key = workshop.key({.debian = "bookworm"}, Isolation::Container);
//
// In the directory are kept: bases/ (trees that images start from), debs/ (packages downloaded
// once), tmp/ (what is being built), locks/. All of it may be deleted while nothing is built; it
// is made again.
#pragma once

#include <filesystem>

#include "engine/world/workshop.h"
#include "src/workshop_base.h"
#include "src/workshop_scripts.h"

namespace encamp {

inline constexpr const char* kWorkshopDirectory = "/var/cache/encamp";

class LocalWorkshop : public Workshop {
 public:
  /// `init` is the program of components/node/init, `identities` what workshop_identities.txt says.
  explicit LocalWorkshop(std::filesystem::path init,
                         std::filesystem::path directory = kWorkshopDirectory,
                         std::string identities = std::string(kIdentities));

  /// Slow at the first call for a release, because the package index belongs to the key.
  std::string key(const ImageRecipe& recipe, Isolation isolation) override;
  std::unique_ptr<Reservation> try_reserve(const std::string& key) override;
  BuiltImage build(const ImageRecipe& recipe, Isolation isolation,
                   const Progress& progress) override;
  std::string read(const std::string& path) override;
  std::unique_ptr<Content> make_disk(const DiskSpec& spec) override;

 private:
  std::string make_initrd(const std::filesystem::path& modules) const;

  std::filesystem::path init_;
  BaseTrees bases_;
  std::string identities_;
};

}  // namespace encamp
