// A workshop in memory: its images and disks are short texts that FakeWorld reads again when
// someone logs in. Threads: any.
#pragma once

#include <set>
#include <string>

#include "engine/world/workshop.h"
#include "tests/support/faults.h"

namespace encamp::test {

/// `data` at the start of a volume of `size`, the rest a hole.
class FakeContent : public Content {
 public:
  FakeContent(Bytes size, std::string data) : size_(size), data_(std::move(data)) {}
  Bytes size() const override { return size_; }
  std::optional<Extent> next() override;

 private:
  Bytes size_;
  std::string data_;
  bool given_ = false;
};

class FakeWorkshop : public Workshop {
 public:
  explicit FakeWorkshop(Faults& faults) : faults_(&faults) {}

  /// Packages that no mirror has: an image with one of them cannot be built.
  std::set<std::string> unknown;
  std::map<std::string, std::string> local_files;  ///< What read() gives, by path.

  std::string key(const ImageRecipe& recipe, Isolation isolation) override;
  /// The root's text has a line `package NAME` for each package.
  BuiltImage build(const ImageRecipe& recipe, Isolation isolation,
                   const Progress& progress) override;
  std::string read(const std::string& path) override;
  /// The disk's text has every file's path and content.
  std::unique_ptr<Content> make_disk(const DiskSpec& spec) override;

 private:
  Faults* faults_;
};

}  // namespace encamp::test
