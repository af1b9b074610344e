#include "components/directory/directory.h"

#include <fmt/format.h>

namespace encamp {
namespace {

/// The note on what was at the path before the item: owner, group and mode of a directory, or null
/// when nothing was.
constexpr const char* kOriginalDirectory = "original";

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
      .about = "A directory on a node. What others put into it is left alone.",
      .subject = "path",
      .properties = {{.name = "path",
                      .type = {.kind = Type::Kind::Path},
                      .about = "Where it is. Missing directories above are made, root's, 0755.",
                      .required = true,
                      .on_change = OnChange::Replace},
                     {.name = "owner",
                      .type = {.kind = Type::Kind::Text},
                      .about = "The user it belongs to.",
                      .fallback = Value("root")},
                     {.name = "group",
                      .type = {.kind = Type::Kind::Text},
                      .about = "The group it belongs to; the owner's unless said."},
                     {.name = "mode",
                      .type = {.kind = Type::Kind::Mode},
                      .about = "Who may do what with it, in octal.",
                      .fallback = Value("0755")}},
      .attributes = {}};
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
  return {};
}

void DirectoryComponent::ask(const Record& record, Questions& questions) const {
  questions.files.insert(text_of(record.properties, "path"));
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
