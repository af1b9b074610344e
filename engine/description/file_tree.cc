#include "engine/description/file_tree.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace encamp {
namespace {

const char* key_of(FileInTree::Kind kind) {
  switch (kind) {
    case FileInTree::Kind::File:
      return "file";
    case FileInTree::Kind::Executable:
      return "executable";
    case FileInTree::Kind::Directory:
      return "directory";
    case FileInTree::Kind::Link:
      return "link";
  }
  return "file";
}

FileInTree::Kind kind_of(const std::string& key) {
  for (const FileInTree::Kind kind :
       {FileInTree::Kind::Executable, FileInTree::Kind::Directory, FileInTree::Kind::Link}) {
    if (key == key_of(kind))
      return kind;
  }
  return FileInTree::Kind::File;
}

}  // namespace

Value to_value(const FileTree& tree) {
  Value::Mapping files;
  for (const FileInTree& file : tree)
    files.push_back({file.name, Value::Mapping{{key_of(file.kind), file.content}}});
  return files;
}

FileTree file_tree_of(const Value& value) {
  FileTree tree;
  for (const Value::Entry& entry : value.mapping()) {
    const Value::Entry& file = entry.value.mapping().front();
    tree.push_back({entry.key, kind_of(file.key), file.value.text()});
  }
  return tree;
}

std::vector<std::string> names_that_differ(const FileTree& one, const FileTree& other) {
  const auto is_before = [](const FileInTree& a, const FileInTree& b) {
    return std::tie(a.name, a.kind, a.content) < std::tie(b.name, b.kind, b.content);
  };
  FileTree differing;
  std::ranges::set_symmetric_difference(one, other, std::back_inserter(differing), is_before);
  std::vector<std::string> names;
  for (const FileInTree& file : differing) {
    if (names.empty() || names.back() != file.name)
      names.push_back(file.name);
  }
  return names;
}

}  // namespace encamp
