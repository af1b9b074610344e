#include "components/directory/directory.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/description/file_tree.h"

namespace encamp {
namespace {

/// The note on what was at the path before the item: owner, group and mode of a directory, or null
/// when nothing was.
constexpr const char* kOriginalDirectory = "original";

/// The note that something was uploaded into it.
constexpr const char* kUploaded = "uploaded";
/// The note that counts how often what somebody had changed in it was uploaded again.
constexpr const char* kMendedTree = "mended";

const Value* source_of(const Properties& properties) {
  const auto found = properties.find("source");
  return found == properties.end() || found->second.is_null() ? nullptr : &found->second;
}

FileTree tree_in(const Properties& properties) {
  const Value* source = source_of(properties);
  return source == nullptr ? FileTree() : file_tree_of(*source);
}

FileKind kind_on_node(const FileInTree& file) {
  switch (file.kind) {
    case FileInTree::Kind::Directory:
      return FileKind::Directory;
    case FileInTree::Kind::Link:
      return FileKind::Link;
    case FileInTree::Kind::File:
    case FileInTree::Kind::Executable:
      break;
  }
  return FileKind::Regular;
}

int mode_on_node(const FileInTree& file) {
  return file.kind == FileInTree::Kind::Executable ? 0755 : 0644;
}

/// Whether each file of the tree is on the node as it was uploaded. Of a directory counts only that
/// it is one.
bool is_uploaded(const FileTree& tree, const std::string& path, const Answers& answers) {
  return std::ranges::all_of(tree, [&](const FileInTree& file) {
    const auto found = answers.files.find(path + "/" + file.name);
    if (found == answers.files.end() || !found->second)
      return false;
    const FileState& state = *found->second;
    if (state.kind != kind_on_node(file))
      return false;
    if (state.kind == FileKind::Directory)
      return true;
    return state.digest == digest_of(Value(file.content)) &&
           (state.kind == FileKind::Link || state.mode == mode_on_node(file));
  });
}

void ask_for(const FileTree& tree, const std::string& path, Questions& questions) {
  for (const FileInTree& file : tree)
    questions.files.insert(path + "/" + file.name);
}

TreeSpec tree_spec(const Properties& wanted, const FileSpec& directory) {
  TreeSpec spec{.path = directory.path,
                .owner = directory.owner,
                .group = directory.group,
                .mode = directory.mode,
                .files = {}};
  for (const FileInTree& file : tree_in(wanted))
    spec.files.push_back({file.name, kind_on_node(file), file.content, mode_on_node(file)});
  return spec;
}

std::int64_t times_uploaded_again(const Record& record) {
  const auto found = record.notes.find(kMendedTree);
  return found == record.notes.end() ? 0 : found->second.integer();
}

std::string mode_text(int mode) {
  return fmt::format("{:04o}", mode);
}

FileSpec directory_spec(const Properties& wanted) {
  return {.path = text_of(wanted, "path"),
          .kind = FileKind::Directory,
          .content = {},
          .owner = text_of(wanted, "owner"),
          .group = text_of(wanted, "group"),
          .mode = std::stoi(text_of(wanted, "mode"), nullptr, 8)};
}

bool is_as_wanted(const FileState& state, const FileSpec& spec) {
  return state.kind == FileKind::Directory && state.mode == spec.mode &&
         state.owner == spec.owner && (spec.group.empty() || state.group == spec.group);
}

}  // namespace

const Schema& DirectoryComponent::schema() const {
  static const Schema schema{
      .component = "directory",
      .section = "software",
      .about =
          "A directory on a node, empty or with the files of a directory of this machine. What "
          "others "
          "put into it is left alone.",
      .subject = "path",
      .properties = {{.name = "path",
                      .type = {.kind = Type::Kind::Path},
                      .about = "Where it is. Missing directories above are made, root's, 0755.",
                      .required = true,
                      .on_change = OnChange::Replace},
                     {.name = "owner",
                      .type = {.kind = Type::Kind::Text},
                      .about = "The user it belongs to, with all that is uploaded.",
                      .fallback = Value("root")},
                     {.name = "group",
                      .type = {.kind = Type::Kind::Text},
                      .about =
                          "The group it belongs to, with all that is uploaded; the owner's unless "
                          "said."},
                     {.name = "mode",
                      .type = {.kind = Type::Kind::Mode},
                      .about = "Who may do what with it, in octal; also with directories that are "
                               "uploaded.",
                      .fallback = Value("0755")},
                     {.name = "source",
                      .type = {.kind = Type::Kind::Directory},
                      .about = "A directory of this machine whose files are uploaded, at most 4096 "
                               "and 16 MiB; 0755 those that can be run, 0644 the others."}},
      .attributes = {{.name = "digest",
                      .type = {.kind = Type::Kind::Text},
                      .phase = Phase::Late,
                      .with = "source",
                      .about = "SHA-256 of what was uploaded, in hexadecimal; `+N` behind it when "
                               "it was mended N times after somebody else had changed it."}}};
  return schema;
}

Attributes DirectoryComponent::realize(const Properties& wanted, const Record& record,
                                       Context& context) const {
  const FileSpec spec = directory_spec(wanted);
  Guest& guest = context.guest();
  const std::optional<FileState> state = guest.find_file(spec.path);
  if (state && state->kind != FileKind::Directory)
    throw Error(ErrorKind::Conflict, fmt::format("'{}' is there and is no directory", spec.path));
  if (!record.notes.contains(kOriginalDirectory))
    context.note(kOriginalDirectory, !state
                                         ? Value()
                                         : Value(Value::Mapping{{"owner", state->owner},
                                                                {"group", state->group},
                                                                {"mode", mode_text(state->mode)}}));
  if (!state || !is_as_wanted(*state, spec))
    guest.write_file(spec);
  if (source_of(wanted) == nullptr) {
    if (record.notes.contains(kUploaded))
      guest.remove_tree(spec.path);
    return {};
  }
  return upload(wanted, record, context);
}

Attributes DirectoryComponent::upload(const Properties& wanted, const Record& record,
                                      Context& context) {
  const FileSpec spec = directory_spec(wanted);
  Guest& guest = context.guest();
  if (!record.notes.contains(kUploaded))
    context.note(kUploaded, true);
  std::int64_t mended = times_uploaded_again(record);
  if (record.attributes.contains("digest") && source_of(record.properties) != nullptr) {
    const FileTree before = tree_in(record.properties);
    Questions questions;
    ask_for(before, spec.path, questions);
    // Noted first: what restarts with it does so also when we do not get further than the writing.
    if (!is_uploaded(before, spec.path, guest.answer(questions)))
      context.note(kMendedTree, ++mended);
  }
  context.progress("uploading");
  guest.write_tree(tree_spec(wanted, spec));
  const std::string digest = digest_of(Value(to_json(*source_of(wanted))));
  return {{"digest", mended == 0 ? digest : fmt::format("{}+{}", digest, mended)}};
}

// Files are named instead of shown.
Change DirectoryComponent::compare(const Properties& wanted, const Properties& recorded) const {
  Change change = Component::compare(wanted, recorded);
  if (source_of(wanted) == nullptr || source_of(recorded) == nullptr) {
    for (std::string& reason : change.reasons) {
      if (reason.starts_with("source"))
        reason = source_of(wanted) == nullptr ? "source: none" : "source: files to upload";
    }
    return change;
  }
  for (std::string& reason : change.reasons) {
    if (!reason.starts_with("source"))
      continue;
    std::vector<std::string> names = names_that_differ(tree_in(wanted), tree_in(recorded));
    constexpr std::size_t kNamed = 3;
    const std::size_t more = names.size() > kNamed ? names.size() - kNamed : 0;
    names.resize(names.size() - more);
    reason = fmt::format("source: {}{}", fmt::join(names, ", "),
                         more == 0 ? "" : fmt::format(" and {} more", more));
  }
  return change;
}

void DirectoryComponent::ask(const Record& record, Questions& questions) const {
  const std::string path = text_of(record.properties, "path");
  questions.files.insert(path);
  ask_for(tree_in(record.properties), path, questions);
}

std::optional<Properties> DirectoryComponent::observe(const Record& record,
                                                      Context& context) const {
  const FileSpec spec = directory_spec(record.properties);
  const std::optional<FileState> state = context.guest().find_file(spec.path);
  if (!state || state->kind != FileKind::Directory)
    return std::nullopt;
  Properties seen = record.properties;
  seen["owner"] = state->owner;
  if (seen.contains("group"))
    seen["group"] = state->group;
  if (state->mode != spec.mode)
    seen["mode"] = mode_text(state->mode);
  if (source_of(record.properties) != nullptr) {
    const FileTree tree = tree_in(record.properties);
    FileTree there;
    for (const FileInTree& file : tree) {
      Answers answers;
      answers.files[spec.path + "/" + file.name] =
          context.guest().find_file(spec.path + "/" + file.name);
      if (is_uploaded({file}, spec.path, answers))
        there.push_back(file);
    }
    if (there.size() != tree.size())
      seen["source"] = to_value(there);  // What is missing, or another, is left out.
  }
  return seen;
}

// A directory that was there gets its owner and mode back; one that the item made goes when it is
// empty, because whatever is in it is not the item's.
void DirectoryComponent::remove(const Record& record, Context& context) const {
  const auto original = record.notes.find(kOriginalDirectory);
  if (original == record.notes.end())
    return;
  const std::string path = text_of(record.properties, "path");
  Guest& guest = context.guest();
  if (record.notes.contains(kUploaded))
    guest.remove_tree(path);
  if (original->second.is_mapping()) {
    if (guest.find_file(path))
      guest.write_file({.path = path,
                        .kind = FileKind::Directory,
                        .content = {},
                        .owner = original->second.find("owner")->text(),
                        .group = original->second.find("group")->text(),
                        .mode = std::stoi(original->second.find("mode")->text(), nullptr, 8)});
    return;
  }
  try {
    guest.remove_file(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Failed || !guest.find_file(path))
      throw;
  }
}

}  // namespace encamp
