#include "engine/description/include.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/description/merge.h"
#include "engine/description/read.h"
#include "engine/description/resolver.h"
#include "engine/error.h"

namespace encamp {
namespace {

constexpr std::size_t kMostFiles = 200;

/// What an included file says of itself alone, or what only a site has.
bool is_its_own(const std::string& key) {
  return key == "encamp" || key == "about" || key == "include" || key == "site" ||
         key.starts_with("x-");
}

/// What one file checks, others do not take back.
bool are_checks(const Tree::Entry& a, const Tree::Entry& b) {
  return a.key == "checks" && a.value.is_list() && b.value.is_list();
}

void append(const Tree& more, Tree& list) {
  list.items.insert(list.items.end(), more.items.begin(), more.items.end());
}

class Includer {
 public:
  Includer(const Loader& loader, Diagnostics& diagnostics)
      : loader_(loader), diagnostics_(diagnostics) {
    all_.kind = Tree::Kind::Mapping;
  }

  /// All that `tree` includes.
  Joined run(const Tree& tree) {
    include_of(tree);
    return {.tree = std::move(all_), .is_whole = is_whole_};
  }

 private:
  void include_of(const Tree& tree) {
    const Tree::Entry* entry = tree.find("include");
    if (entry == nullptr || entry->value.is_null())
      return;
    const Tree& names = entry->value;
    if (names.is_scalar()) {
      include(names);
    } else if (names.is_list()) {
      std::ranges::for_each(names.items, [this](const Tree& name) { include(name); });
    } else {
      diagnostics_.add({.code = "wrong-type",
                        .summary = "'include' is a list of names, and this is a mapping",
                        .where = names.where});
    }
  }

  void include(const Tree& name) {
    if (!name.is_scalar() || name.text.empty() || name.text.find("${{") != std::string::npos) {
      diagnostics_.add({.code = "unknown-include",
                        .summary = "this is not the name of a description",
                        .where = name.where,
                        .hint = "write 'batch/slurm' or './relative/path.yaml'"});
      is_whole_ = false;
      return;
    }
    std::shared_ptr<const SourceFile> file;
    try {
      const Loader::Included found = loader_.locate_description(name.text, name.where.file->name());
      if (!read_.insert(found.absolute).second)
        return;
      if (read_.size() > kMostFiles) {
        diagnostics_.add({.code = "too-large",
                          .summary = fmt::format("more than {} files are included", kMostFiles),
                          .where = name.where});
        is_whole_ = false;
        return;
      }
      file = std::make_shared<const SourceFile>(found.shown, loader_.load(found.absolute));
    } catch (const Error& error) {
      diagnostics_.add({.code = "unknown-include",
                        .summary = error.what(),
                        .where = name.where,
                        .hint = error.hint()});
      is_whole_ = false;
      return;
    }
    const std::optional<Tree> tree = read_tree(std::move(file), diagnostics_);
    if (!tree) {
      is_whole_ = false;
      return;
    }
    check_version(*tree, diagnostics_);
    include_of(*tree);
    for (const Tree::Entry& entry : tree->entries)
      add(entry);
  }

  void add(const Tree::Entry& section) {
    if (is_its_own(section.key))
      return;
    const auto same = std::ranges::find(all_.entries, section.key, &Tree::Entry::key);
    if (same == all_.entries.end()) {
      all_.entries.push_back(section);
    } else if (same->value.is_mapping() && section.value.is_mapping()) {
      for (const Tree::Entry& entry : section.value.entries)
        define(same->value, entry);
    } else if (are_checks(*same, section)) {
      append(section.value, same->value);
    } else if (!section.value.is_null()) {
      if (same->value.is_null())
        same->value = section.value;
      else
        report_again(section, *same);
    }
  }

  void define(Tree& section, const Tree::Entry& entry) {
    if (entry.key.starts_with("x-"))
      return;
    if (const Tree::Entry* first = section.find(entry.key))
      report_again(entry, *first);
    else
      section.entries.push_back(entry);
  }

  void report_again(const Tree::Entry& entry, const Tree::Entry& first) {
    diagnostics_.add(
        {.code = "defined-twice",
         .summary = fmt::format("{} is defined by two included files", quoted(entry.key)),
         .where = entry.where,
         .hint = "only the site's own file may define it again",
         .notes = {{"first here", first.where}}});
  }

  const Loader& loader_;
  Diagnostics& diagnostics_;
  Tree all_;
  bool is_whole_ = true;
  std::set<std::string> read_;
};

}  // namespace

Joined with_included(const Tree& root, const Loader& loader, const Registry& registry,
                     Diagnostics& diagnostics) {
  if (root.find("include") == nullptr)
    return {.tree = root};
  Joined joined = Includer(loader, diagnostics).run(root);
  Tree& all = joined.tree;
  all.where = root.where;
  for (const Tree::Entry& own : root.entries) {
    const auto section = std::ranges::find(all.entries, own.key, &Tree::Entry::key);
    if (section == all.entries.end()) {
      all.entries.push_back(own);
      continue;
    }
    if (are_checks(*section, own)) {
      append(own.value, section->value);
      continue;
    }
    if (!section->value.is_mapping() || !own.value.is_mapping()) {
      if (!own.value.is_null())
        *section = own;
      continue;
    }
    for (const Tree::Entry& entry : own.value.entries) {
      const auto same = std::ranges::find(section->value.entries, entry.key, &Tree::Entry::key);
      if (same == section->value.entries.end()) {
        section->value.entries.push_back(entry);
      } else if (entry.value.is_null()) {
        section->value.entries.erase(same);
      } else {
        same->where = entry.where;
        same->value = merged(std::move(same->value), entry.value, registry);
      }
    }
  }
  return joined;
}

}  // namespace encamp
