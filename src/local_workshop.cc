#include "src/local_workshop.h"

#include <algorithm>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/description/diagnostic.h"
#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_content.h"
#include "src/local_file.h"
#include "src/workshop_cpio.h"
#include "src/workshop_guest.h"
#include "src/workshop_local_packages.h"
#include "src/workshop_lock.h"
#include "src/workshop_modules.h"
#include "src/workshop_scripts.h"

namespace encamp {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// What leads a machine to its disks, its network and its root. What of it a kernel has built in is
// no file of its own.
const std::vector<std::string> kModules{"virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net",
                                        "virtio_rng", "ext4",        "overlay",    "virtiofs"};

class LocalReservation : public Workshop::Reservation {
 public:
  explicit LocalReservation(FileLock lock) : lock_(std::move(lock)) {}

 private:
  FileLock lock_;
};

// The open file of that path, which has no name any more.
Descriptor take_file(const std::filesystem::path& path) {
  Descriptor file = open_file(path, O_RDONLY);
  unlink(path.c_str());
  return file;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  if (!std::filesystem::exists(path))
    return lines;
  const std::string text = read_whole_file(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Of as many names as Debian has packages; nearest() looks at a thousand.
std::string nearest_of_many(const std::string& word, const std::vector<std::string>& names) {
  constexpr std::ptrdiff_t kAtOnce = 1000;
  std::vector<std::string> near;
  for (auto begin = names.begin(); begin != names.end();) {
    const auto end = begin + std::min(kAtOnce, names.end() - begin);
    near.push_back(nearest(word, {begin, end}));
    begin = end;
  }
  return nearest(word, near);
}

// The package that apt could not find, from its messages; empty when that was not the reason.
std::string missing_package(const std::string& output) {
  for (const auto& [before, after] : {std::pair{"Unable to locate package ", "\n"},
                                      std::pair{"E: Package '", "' has no installation"}}) {
    const std::size_t found = output.find(before);
    if (found == std::string::npos)
      continue;
    const std::size_t begin = found + std::string_view(before).size();
    const std::size_t end = output.find(after, begin);
    if (end != std::string::npos)
      return output.substr(begin, end - begin);
  }
  return {};
}

[[noreturn]] void throw_build_error(const ImageRecipe& recipe, const ToolResult& result,
                                    const std::filesystem::path& work, const BaseTree& base) {
  if (const std::string missing = missing_package(result.output); !missing.empty()) {
    Error error(
        ErrorKind::Failed,
        recipe.debian.empty()
            ? fmt::format("package '{}' does not exist where the apt of '{}' looks", missing,
                          recipe.file)
            : fmt::format("package '{}' does not exist in Debian {}", missing, recipe.debian));
    if (const std::string near = nearest_of_many(missing, lines_of(work / "names")); !near.empty())
      error.with_hint(fmt::format("did you mean '{}'?", near));
    throw error;
  }
  if (result.output.find("encamp-prepare: failed") != std::string::npos)
    throw Error(
        ErrorKind::Failed,
        fmt::format("what was to be done before packages are installed ended with {}", result.exit))
        .with_detail(last_lines(result.output, 15))
        .with_hint("see 'prepare' of the package items");
  constexpr std::string_view kPrivate = "encamp-private: ";
  if (const std::size_t found = result.output.find(kPrivate); found != std::string::npos) {
    const std::size_t begin = found + kPrivate.size();
    const std::string files = result.output.substr(begin, result.output.find('\n', begin) - begin);
    throw Error(ErrorKind::Failed,
                fmt::format("the packages made private files that nodes from one image would "
                            "share: {}",
                            files.substr(0, files.find_last_not_of(' ') + 1)))
        .with_hint(
            "say in src/workshop_identities.txt how a node makes them anew; until then let the "
            "package item need another item of its node: then it is installed there");
  }
  Error error(ErrorKind::Failed,
              result.timed_out ? std::string("the image was not built within 20 minutes")
                               : fmt::format("cannot build the image: apt or mke2fs ended with {}",
                                             result.exit));
  error.with_detail(last_lines(result.output, 15));
  if (result.output.find("404  Not Found") != std::string::npos)
    error.with_hint(
        fmt::format("the mirror has dropped a version since the package index was "
                    "read; to read it anew: rm -r '{}'",
                    base.directory.string()));
  throw error;
}

// What is in `directory` then lies in the tree of the image (engine/world/local_package.h).
void put_local_packages(const std::vector<LocalPackage>& files,
                        const std::filesystem::path& directory) {
  if (files.empty())
    return;
  make_directories(directory);
  write_whole_file(directory / "apply", local_package_script());
  for (const LocalPackage& file : files) {
    const std::string bytes = read_whole_file(file.path);
    if (sha256_hex(bytes) != file.digest)
      throw Error(ErrorKind::Conflict, fmt::format("'{}' has changed since it was read", file.path))
          .with_hint("do the same again");
    write_whole_file(directory / (stem_of(file) + ".deb"), bytes);
    write_whole_file(directory / (stem_of(file) + ".control"), to_control(file));
  }
}

}  // namespace

LocalWorkshop::LocalWorkshop(std::filesystem::path init, std::filesystem::path directory,
                             std::string identities)
    : init_(std::move(init)), bases_(std::move(directory)), identities_(std::move(identities)) {}

std::string LocalWorkshop::key(const ImageRecipe& recipe, Isolation isolation) {
  const BaseTree base = bases_.get(recipe, {});
  std::string identity =
      fmt::format("{}\n{}\n{}\n{}\n", image_script(), identities_, base.key, base.index);
  for (const std::string& package :
       std::set<std::string>(recipe.packages.begin(), recipe.packages.end()))
    identity += package + "\n";
  for (const Repository& repository : recipe.repositories)
    identity += path_of(repository) + "\n" + to_sources(repository) + "\n";
  for (const std::string& script : recipe.prepare)
    identity += "prepare\n" + script + "\n";
  if (!recipe.software.empty())
    identity += "software " + recipe.software + "\n";
  const std::vector<LocalPackage> files = taken_packages(recipe, base);
  for (const LocalPackage& file : files)
    identity += "file " + file.digest + "\n";
  if (!files.empty())
    identity += local_package_script();
  if (isolation == Isolation::Machine)
    identity +=
        fmt::format("machine\n{}\n{}\n", kernel_script(), sha256_hex(read_whole_file(init_)));
  return sha256_hex(identity).substr(0, 20);
}

std::unique_ptr<Workshop::Reservation> LocalWorkshop::try_reserve(const std::string& key) {
  make_directories(bases_.locks());
  std::optional<FileLock> lock = FileLock::try_take(bases_.locks() / ("image-" + key));
  return lock ? std::make_unique<LocalReservation>(std::move(*lock)) : nullptr;
}

BuiltImage LocalWorkshop::build(const ImageRecipe& recipe, Isolation isolation,
                                const Progress& progress) {
  check_tools();
  const BaseTree base = bases_.get(recipe, progress);
  if (!has_apt(base) && !(recipe.packages.empty() && recipe.repositories.empty()))
    throw Error(ErrorKind::Failed,
                fmt::format("no packages can be built into '{}': it has no apt", recipe.file));
  const bool is_machine = isolation == Isolation::Machine;
  const std::filesystem::path machine =
      is_machine ? bases_.machine(base, own_architecture(), progress) : std::filesystem::path();
  make_directories(bases_.debs());
  BuildDirectory::sweep(bases_.temporary());
  const BuildDirectory work(bases_.temporary());

  std::string lower = (base.directory / "root").string();
  if (is_machine)
    lower = (machine / "upper").string() + ":" + lower;
  make_directories(work.path() / "sources");
  for (const Repository& repository : recipe.repositories)
    write_whole_file(
        work.path() / "sources" / std::filesystem::path(path_of(repository)).filename(),
        to_sources(repository));
  put_local_packages(taken_packages(recipe, base), work.path() / "packages");
  const std::filesystem::path root = work.path() / "root.img";
  std::string prepare;
  for (const std::string& script : recipe.prepare)
    prepare += "(\n" + script + "\n)\n";
  std::vector<std::string> arguments{work.path().string(), lower,       bases_.debs().string(),
                                     root.string(),        identities_, prepare};
  arguments.insert(arguments.end(), recipe.packages.begin(), recipe.packages.end());
  std::optional<TreeAgent> agent;
  if (recipe.realize)
    agent.emplace(work.path());
  const ToolResult result =
      run_script(image_script(), arguments, minutes(20), progress, [&](const std::string& line) {
        if (agent && line == kTreeAgentRuns)
          agent->realize(recipe.realize);
      });
  if (agent)
    agent->throw_failure();
  if (result.exit != 0)
    throw_build_error(recipe, result, work.path(), base);

  BuiltImage image;
  image.root = make_file_content(take_file(root));
  if (is_machine) {
    image.kernel = make_file_content(open_file(machine / "vmlinuz", O_RDONLY));
    image.initrd = make_text_content(make_initrd(machine / "upper/usr/lib/modules"));
  }
  return image;
}

std::string LocalWorkshop::read(const std::string& path) {
  return read_whole_file(path);
}

std::unique_ptr<Content> LocalWorkshop::make_disk(const DiskSpec& spec) {
  const BuildDirectory work(bases_.temporary());
  const std::filesystem::path tree = work.path() / "tree";
  make_directories(tree);
  for (const DiskFile& file : spec.files) {
    make_directories((tree / file.path).parent_path());
    write_whole_file(tree / file.path, file.content, static_cast<unsigned>(file.mode));
  }
  write_whole_file(tree / "init", read_whole_file(init_), 0755);
  const std::filesystem::path disk = work.path() / "disk.img";
  const ToolResult result = run_tool(
      {.arguments = {"/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E",
                     "lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0", "-d", tree.string(),
                     disk.string(), fmt::format("{}k", spec.size.count / 1024)},
       .timeout = seconds(60)});
  if (result.exit == 127)
    throw Error(ErrorKind::Failed, "'mke2fs' is not installed")
        .with_hint("apt-get install e2fsprogs");
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("cannot make a disk of {}: mke2fs ended with {}",
                                               to_string(spec.size), result.exit))
        .with_detail(last_lines(result.output, 5));
  return make_file_content(take_file(disk));
}

std::string LocalWorkshop::make_initrd(const std::filesystem::path& modules) const {
  Cpio archive;
  archive.add_directory("dev");
  archive.add_character_device("dev/console", 5, 1);
  archive.add_file("init", read_whole_file(init_), 0755);
  archive.add_directory("modules");
  int number = 0;  // init loads them in the order of their names.
  for (const KernelModule& module : order_modules(kModules, module_reader(modules)))
    archive.add_file(fmt::format("modules/{:02}-{}.ko", number++, module.name), module.content);
  return archive.finish();
}

}  // namespace encamp
