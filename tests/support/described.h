// From the text of a description to its site, as the first two stages do it.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "engine/component/registry.h"
#include "engine/description/read.h"
#include "engine/description/resolve.h"
#include "engine/error.h"

namespace encamp::test {

/// Files by absolute path; relative paths start at `/site/`.
class MapLoader : public Loader {
 public:
  explicit MapLoader(std::map<std::string, std::string> files = {}) : files_(std::move(files)) {}

  std::string locate(const std::string& path, const std::string&) const override {
    std::string absolute = (std::filesystem::path("/site") / path).lexically_normal().string();
    if (!files_.contains(absolute) && below(absolute).empty())
      throw Error(ErrorKind::NotFound, "there is no file '" + path + "'");
    return absolute;
  }
  /// `./x.yaml` is `/site/x.yaml`, `batch/slurm` is `/library/batch/slurm.yaml`.
  Included locate_description(const std::string& name, const std::string& from) const override {
    if (name.starts_with("./"))
      return {locate(name, from), name.substr(2)};
    const std::string absolute = "/library/" + name + ".yaml";
    if (!files_.contains(absolute))
      throw Error(ErrorKind::NotFound, "no description is named '" + name + "'");
    return {absolute, name + ".yaml"};
  }
  std::string shown(const std::string& absolute) const override {
    return absolute.starts_with("/site/") ? absolute.substr(6) : absolute;
  }
  std::string load(const std::string& absolute) const override {
    if (!files_.contains(absolute))
      throw Error(ErrorKind::NotFound, "'" + absolute + "' is a directory");
    return files_.at(absolute);
  }
  /// The files only, without the directories they lie in.
  FileTree load_tree(const std::string& absolute) const override {
    if (below(absolute).empty())
      throw Error(ErrorKind::NotFound, "'" + absolute + "' is no directory");
    return below(absolute);
  }

 private:
  FileTree below(const std::string& absolute) const {
    FileTree tree;
    for (const auto& [path, bytes] : files_) {
      if (path.starts_with(absolute + "/"))
        tree.push_back({path.substr(absolute.size() + 1), FileInTree::Kind::File, bytes});
    }
    return tree;
  }

  std::map<std::string, std::string> files_;
};

struct Described {
  std::optional<Site> site;
  Diagnostics diagnostics;

  /// All diagnostics as text, one after the other.
  std::string messages() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.all())
      text += render(diagnostic) + "\n";
    return text;
  }
};

inline Described describe(const std::string& name, const std::string& text,
                          const Registry& registry, const Loader& loader = MapLoader(),
                          const ResolveOptions& options = {}) {
  Described described;
  const auto file = std::make_shared<const SourceFile>(name, text);
  const std::optional<Tree> tree = read_tree(file, described.diagnostics);
  if (tree)
    described.site = resolve(*tree, registry, loader, options, described.diagnostics);
  else
    described.diagnostics.sort();
  return described;
}

inline std::string text_of_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// `descriptions/` of a source tree as the description path.
inline std::map<std::string, std::string> library(const std::filesystem::path& source) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source / "descriptions")) {
    if (entry.is_regular_file())
      files["/library/" + entry.path().lexically_relative(source / "descriptions").native()] =
          text_of_file(entry.path());
  }
  return files;
}

}  // namespace encamp::test
