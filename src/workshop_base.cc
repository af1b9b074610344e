#include "src/workshop_base.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_file.h"
#include "src/workshop_file.h"
#include "src/workshop_lock.h"
#include "src/workshop_scripts.h"
#include "src/workshop_sources.h"

namespace encamp {
namespace {

using std::chrono::minutes;

/// Behind the name of a tree in whose place a newer one has come.
constexpr const char* kOld = ".old";

std::string own_release() {
  for (const std::string_view name : {"/etc/os-release", "/usr/lib/os-release"}) {
    std::error_code error;
    if (!std::filesystem::exists(name, error))
      continue;
    const std::string text = "\n" + read_whole_file(name);
    constexpr std::string_view kKey = "\nVERSION_CODENAME=";
    const std::size_t found = text.find(kKey);
    if (found == std::string::npos)
      return {};
    const std::size_t begin = found + kKey.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  return {};
}

std::vector<AptSource> sources_of(const ImageRecipe& recipe) {
  std::vector<AptSource> sources =
      sources_for(recipe.debian, recipe.mirror, read_sources("/etc/apt"), own_release());
  if (sources.empty())
    throw Error(ErrorKind::NotFound,
                fmt::format("apt on this machine has no source for Debian '{}'", recipe.debian))
        .with_hint("name one: 'mirror' of the image");
  return sources;
}

// A way through a proxy that this machine's apt takes is the image's too.
std::vector<std::string> proxy_lines() {
  const ToolResult result =
      run_tool({.arguments = {"apt-config", "dump", "--format", "%F \"%v\";%n", "Acquire"}});
  std::vector<std::string> options;
  std::size_t begin = 0;
  while (result.exit == 0 && begin < result.output.size()) {
    const std::size_t end = std::min(result.output.find('\n', begin), result.output.size());
    const std::string line = result.output.substr(begin, end - begin);
    if (line.find("::Proxy") != std::string::npos && line.find("\"\"") == std::string::npos)
      options.push_back(line);
    begin = end + 1;
  }
  return options;
}

// The signed lists of what the mirrors had; each names all packages by their hashes.
std::string index_of(const std::filesystem::path& tree) {
  std::map<std::string, std::string> lists;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(tree / "var/lib/apt/lists", none)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("Release"))
      lists[name] = sha256_hex(read_whole_file(entry.path()));
  }
  std::string all;
  for (const auto& [name, digest] : lists)
    all += digest;
  return sha256_hex(all);
}

// Keyrings that the sources name and the tree lacks.
void copy_keyrings(const std::vector<AptSource>& sources, const std::filesystem::path& tree) {
  for (const AptSource& source : sources) {
    const std::filesystem::path target =
        tree / source.signed_by.substr(source.signed_by.empty() ? 0 : 1);
    if (source.signed_by.empty() || std::filesystem::exists(target))
      continue;
    make_directories(target.parent_path());
    write_whole_file(target, read_whole_file(source.signed_by));
  }
}

void build_base(const ImageRecipe& recipe, const std::vector<AptSource>& sources,
                const std::filesystem::path& work, const Workshop::Progress& progress) {
  std::string lines;
  for (const AptSource& source : sources)
    lines += to_line(source) + "\n";
  write_whole_file(work / "sources.list", lines);
  const std::filesystem::path tree = work / "base/root";
  make_directories(work / "base");
  std::vector<std::string> arguments{tree.string(), recipe.debian, own_architecture(),
                                     (work / "sources.list").string()};
  for (const std::string& line : proxy_lines())
    arguments.push_back("--aptopt=" + line);
  const ToolResult result = run_script(base_script(), arguments, minutes(15), progress);
  if (result.exit != 0 && result.output.find("apt-get update") != std::string::npos)
    throw Error(ErrorKind::NotFound,
                fmt::format("cannot read the package lists of Debian '{}'", recipe.debian))
        .with_detail(last_lines(result.output, 12))
        .with_hint(fmt::format("is that the name of a release, and does the mirror answer? curl "
                               "-I {}/dists/{}/Release",
                               sources.front().uri, sources.front().suite));
  if (result.exit != 0)
    throw Error(ErrorKind::Failed,
                fmt::format("cannot bootstrap Debian '{}': mmdebstrap {}", recipe.debian,
                            result.timed_out ? "took more than 15 minutes"
                                             : fmt::format("ended with {}", result.exit)))
        .with_detail(last_lines(result.output, 12));
  copy_keyrings(sources, tree);
  write_whole_file(work / "base/recipe", recipe.debian + "\n" + recipe.mirror + "\n");
  write_whole_file(work / "base/index", index_of(tree));
}

void build_from_file(const ImageRecipe& recipe, const std::filesystem::path& work,
                     const std::filesystem::path& debs, const Workshop::Progress& progress) {
  std::string proxies;
  for (const std::string& line : proxy_lines())
    proxies += line + "\n";
  write_whole_file(work / "proxy", proxies);
  make_directories(work / "base");
  make_directories(debs);
  unpack_image_file(recipe, work, debs, progress);
  write_whole_file(work / "base/recipe", "\n\n" + recipe.file + "\n" + recipe.sha256 + "\n");
  write_whole_file(work / "base/index", index_of(work / "base/root"));
}

std::string key_of_file(const ImageRecipe& recipe) {
  return "file-" +
         sha256_hex(file_tree_script() + dress_script() + recipe.sha256 + own_architecture())
             .substr(0, 16);
}

std::string key_of(const ImageRecipe& recipe, const std::vector<AptSource>& sources) {
  std::string identity =
      fmt::format("{}\n{}\n{}\n", base_script(), recipe.debian, own_architecture());
  for (const AptSource& source : sources)
    identity += to_line(source) + "\n";
  return recipe.debian + "-" + sha256_hex(identity).substr(0, 16);
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

BaseTree BaseTrees::get(const ImageRecipe& recipe, const Workshop::Progress& progress) const {
  if (!recipe.architecture.empty() && recipe.architecture != own_architecture())
    throw Error(ErrorKind::Failed, fmt::format("an image for {} cannot be built on {}",
                                               recipe.architecture, own_architecture()));
  const bool is_file = !recipe.sha256.empty();
  const std::vector<AptSource> sources = is_file ? std::vector<AptSource>() : sources_of(recipe);
  const std::string key = is_file ? key_of_file(recipe) : key_of(recipe, sources);
  const std::filesystem::path directory = directory_ / "bases" / key;
  if (!is_there(directory / "index")) {
    make_directories(directory.parent_path());
    make_directories(locks());
    const FileLock lock = FileLock::take(locks() / ("base-" + key));
    if (!is_there(directory / "index")) {
      check_tools();
      BuildDirectory::sweep(temporary());
      const BuildDirectory work(temporary());
      if (is_file)
        build_from_file(recipe, work.path(), debs(), progress);
      else
        build_base(recipe, sources, work.path(), progress);
      std::filesystem::rename(work.path() / "base", directory);
    }
  }
  if (is_file)
    check_image_file(recipe, directory / "checked", progress);
  return {key, read_whole_file(directory / "index"), directory};
}

std::vector<std::string> BaseTrees::keys() const {
  std::vector<std::string> keys;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "bases", ignored)) {
    if (is_there(entry.path() / "index") && !entry.path().native().ends_with(kOld))
      keys.push_back(entry.path().filename());
  }
  std::ranges::sort(keys);
  return keys;
}

bool BaseTrees::renew(const std::string& key, const Workshop::Progress& progress) const {
  const std::filesystem::path directory = directory_ / "bases" / key;
  ImageRecipe recipe{
      .debian = key.substr(0, key.rfind('-')), .architecture = {}, .mirror = {}, .packages = {}};
  if (is_there(directory / "recipe")) {
    std::istringstream lines(read_whole_file(directory / "recipe"));
    for (std::string* line : {&recipe.debian, &recipe.mirror, &recipe.file, &recipe.sha256})
      std::getline(lines, *line);
  }
  const bool is_file = !recipe.sha256.empty();
  const std::vector<AptSource> sources = is_file ? std::vector<AptSource>() : sources_of(recipe);
  if ((is_file ? key_of_file(recipe) : key_of(recipe, sources)) != key)
    throw Error(ErrorKind::NotFound,
                fmt::format("'{}' was made with other sources than apt has here today", key))
        .with_hint(
            fmt::format("no image is made from it any more: rm -r '{}'", directory.native()));
  make_directories(locks());
  const FileLock lock = FileLock::take(locks() / ("base-" + key));
  check_tools();
  BuildDirectory::sweep(temporary());
  const BuildDirectory work(temporary());
  if (is_file)
    build_from_file(recipe, work.path(), debs(), progress);
  else
    build_base(recipe, sources, work.path(), progress);
  const std::string before =
      is_there(directory / "index") ? read_whole_file(directory / "index") : std::string();
  const bool changed = read_whole_file(work.path() / "base/index") != before;
  // An image may just be built on the old tree, so it stays until the next time.
  const std::filesystem::path old = directory.native() + kOld;
  if (is_there(old))
    std::filesystem::rename(old, work.path() / "older");  // Goes with `work`.
  if (is_there(directory))
    std::filesystem::rename(directory, old);
  std::filesystem::rename(work.path() / "base", directory);
  return changed;
}

std::filesystem::path BaseTrees::machine(const BaseTree& base, const std::string& architecture,
                                         const Workshop::Progress& progress) const {
  const std::filesystem::path directory =
      base.directory / ("machine-" + sha256_hex(kernel_script()).substr(0, 8));
  if (is_there(directory))
    return directory;
  if (!has_apt(base))
    throw Error(ErrorKind::Failed, "an image without apt cannot be that of a machine")
        .with_hint("its nodes can be containers: a machine's kernel is a package of Debian");
  const FileLock lock = FileLock::take(locks() / ("kernel-" + base.key));
  if (is_there(directory))
    return directory;
  check_tools();
  make_directories(debs());
  const BuildDirectory work(temporary());
  const ToolResult result = run_script(
      kernel_script(),
      {work.path().string(), (base.directory / "root").string(), debs().string(), architecture},
      minutes(10), progress);
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("cannot get a kernel of '{}'", base.key))
        .with_detail(last_lines(result.output, 12));
  std::filesystem::rename(work.path() / "machine", directory);
  return directory;
}

bool has_apt(const BaseTree& base) {
  return is_there(base.directory / "root/usr/bin/apt-get");
}

std::string own_architecture() {
  utsname names{};
  uname(&names);
  const std::string machine = names.machine;
  if (machine == "x86_64")
    return "amd64";
  return machine == "aarch64" ? "arm64" : machine;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw Error(ErrorKind::Failed, "SHA-256 is not available");
  std::string hex;
  for (unsigned i = 0; i < length; ++i)
    hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

void check_tools() {
  if (geteuid() != 0)
    throw Error(ErrorKind::Denied, "images can only be built by root");
  static constexpr std::array<std::array<const char*, 2>, 3> kTools{
      {{"mmdebstrap", "mmdebstrap"}, {"mke2fs", "e2fsprogs"}, {"unshare", "util-linux"}}};
  for (const auto& [tool, package] : kTools) {
    bool found = false;
    for (const char* directory : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/local/bin/"})
      found = found || is_there(std::string(directory) + tool);
    if (!found)
      throw Error(ErrorKind::Failed, fmt::format("'{}' is not installed", tool))
          .with_hint(fmt::format("apt-get install {}", package));
  }
}

}  // namespace encamp
