#include "tests/support/fake_workshop.h"

#include <functional>

#include <fmt/format.h>

namespace encamp::test {
namespace {

std::string describe(const ImageRecipe& recipe, Isolation isolation) {
  std::string text = fmt::format("debian {} {} {} {}\n", recipe.debian, recipe.architecture,
                                 recipe.mirror, isolation == Isolation::Machine ? "machine" : "");
  if (!recipe.sha256.empty())
    text += "root " + recipe.sha256 + "\n";
  for (const std::string& package : recipe.packages)
    text += "package " + package + "\n";
  for (const std::string& script : recipe.prepare)
    text += "prepare " + script + "\n";
  for (const LocalPackage& file : recipe.files)
    text += "file " + stem_of(file) + "\n";
  if (!recipe.software.empty())
    text += "software " + recipe.software + "\n";
  return text;
}

}  // namespace

std::optional<Extent> FakeContent::next() {
  if (given_ || data_.empty())
    return std::nullopt;
  given_ = true;
  return Extent{0, data_};
}

std::string FakeWorkshop::key(const ImageRecipe& recipe, Isolation isolation) {
  return faults_->call("key", [&] {
    return fmt::format("{:016x}", std::hash<std::string>{}(describe(recipe, isolation)));
  });
}

BuiltImage FakeWorkshop::build(const ImageRecipe& recipe, Isolation isolation,
                               const Progress& progress) {
  return faults_->call("build", [&] {
    for (const std::string& package : recipe.packages) {
      if (unknown.contains(package))
        throw Error(ErrorKind::Failed, "cannot build the image: mmdebstrap failed")
            .with_detail("E: Unable to locate package " + package);
    }
    if (progress)
      progress("building");
    BuiltImage image;
    image.root = std::make_unique<FakeContent>(Bytes::mebi(300), describe(recipe, isolation));
    if (isolation == Isolation::Machine) {
      image.kernel = std::make_unique<FakeContent>(Bytes::mebi(8), "kernel");
      image.initrd = std::make_unique<FakeContent>(Bytes::mebi(1), "initrd");
    }
    return image;
  });
}

std::string FakeWorkshop::read(const std::string& path) {
  return faults_->call("read", [&] {
    const auto found = local_files.find(path);
    if (found == local_files.end())
      throw Error(ErrorKind::NotFound, fmt::format("there is no '{}'", path));
    return found->second;
  });
}

std::unique_ptr<Content> FakeWorkshop::make_disk(const DiskSpec& spec) {
  return faults_->call("make_disk", [&] {
    std::string text;
    for (const DiskFile& file : spec.files)
      text += file.path + "\n" + file.content + "\n";
    return std::make_unique<FakeContent>(spec.size, text);
  });
}

}  // namespace encamp::test
