#include "src/workshop_local_packages.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_file.h"
#include "src/local_process.h"

namespace encamp {
namespace {

using Names = std::set<std::string>;

Names installed_in(const std::filesystem::path& tree) {
  Names names;
  std::istringstream lines(read_whole_file(tree / "var/lib/dpkg/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Package: "))
      names.insert(line.substr(9));
  }
  return names;
}

// TREE CACHE NAME...: what apt of TREE may install because of these, a line each among others; names
// that it does not know are left out. Its own cache is kept in CACHE and not in the tree, which stays
// as it is: without it each question costs a second.
constexpr const char* kAsk = R"sh(
tree=$1 cache=$2; shift 2
ask() {
  apt-cache -o Dir="$tree" -o Dir::State::status="$tree/var/lib/dpkg/status" \
    -o Dir::Cache::pkgcache="$cache/pkgcache.bin" -o Dir::Cache::srcpkgcache="$cache/srcpkgcache.bin" "$@"
}
known=$(ask show "$@" 2>/dev/null | sed -n 's/^Package: //p' | sort -u)
[ -z "$known" ] || ask depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances $known
)sh";

// `roots` that the mirror has, and all that apt may install because of them, alternatives too.
Names with_what_they_need(const Names& roots, const BaseTree& base) {
  if (roots.empty())
    return {};
  const std::filesystem::path cache = base.directory / "apt";
  make_directories(cache);
  std::vector<std::string> arguments{
      "sh", "-c", kAsk, "encamp", (base.directory / "root").string(), cache.string()};
  arguments.insert(arguments.end(), roots.begin(), roots.end());
  Names names;
  const ToolResult result =
      run_tool({.arguments = std::move(arguments), .on_line = [&](const std::string& line) {
                  const std::size_t end = std::min(line.find(':'), line.size());
                  if (!line.empty() && line.find_first_of(" |<") != 0)
                    names.insert(line.substr(0, end));
                }});
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, "cannot ask apt what packages need")
        .with_detail(last_lines(result.output, 5));
  return names;
}

std::vector<LocalPackage> taken_with(const Names& packages, const ImageRecipe& recipe,
                                     const BaseTree& base) {
  Names there = installed_in(base.directory / "root");
  Names more = packages;
  std::vector<LocalPackage> left = recipe.files;
  std::vector<LocalPackage> taken;
  while (!more.empty()) {
    there.insert(more.begin(), more.end());
    there.merge(with_what_they_need(more, base));
    more.clear();
    for (auto file = left.begin(); file != left.end();) {
      if (!there.contains(file->name)) {
        ++file;
        continue;
      }
      for (const std::string& name : depends_of(*file)) {
        if (!there.contains(name))
          more.insert(name);
      }
      taken.push_back(std::move(*file));
      file = left.erase(file);
    }
  }
  std::ranges::sort(taken, {}, [](const LocalPackage& file) { return stem_of(file); });
  return taken;
}

}  // namespace

std::vector<LocalPackage> taken_packages(const ImageRecipe& recipe, const BaseTree& base) {
  if (recipe.files.empty())
    return {};
  const Names site(recipe.site_packages.begin(), recipe.site_packages.end());
  const std::vector<LocalPackage> by_any = taken_with(site, recipe, base);
  for (const LocalPackage& file : recipe.files) {
    if (std::ranges::find(by_any, file.digest, &LocalPackage::digest) == by_any.end())
      throw Error(
          ErrorKind::Failed,
          fmt::format("no node of the site has package '{}', which '{}' is", file.name, file.path))
          .with_hint(
              "a node takes of local packages those that its items name, and what these need");
  }
  return taken_with({recipe.packages.begin(), recipe.packages.end()}, recipe, base);
}

}  // namespace encamp
