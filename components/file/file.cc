#include "components/file/file.h"

#include <fmt/format.h>

#include "engine/description/expression_tree.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

/// The note on what was at the path before the item: where a copy of it is kept, or null when
/// nothing was. Without the note the item has not touched the path yet.
constexpr const char* kOriginalFile = "original";
/// The note that counts how often somebody else had changed the file and it was written again.
constexpr const char* kMended = "mended";
constexpr const char* kOriginals = "/var/lib/encamp/originals";
constexpr std::size_t kObservedLimit = 1U << 20;

/// The text of a property, or "" when it is not set.
/// What is in the file, or where the link leads: text, which may be secret.
Value content_of(const Properties& wanted) {
  const auto found = wanted.find(wanted.contains("link") ? "link" : "content");
  return found == wanted.end() || found->second.is_null() ? Value("") : found->second;
}

/// Without its content.
FileSpec file_spec(const Properties& wanted) {
  return {.path = text_of(wanted, "path"),
          .kind = wanted.contains("link") ? FileKind::Link : FileKind::Regular,
          .content = {},
          .owner = text_of(wanted, "owner"),
          .group = text_of(wanted, "group"),
          .mode = std::stoi(text_of(wanted, "mode"), nullptr, 8)};
}

/// `content` as secret text; the deployment's key is not known yet.
Value hidden(const Value& content, const Span& where) {
  if (content.is_text())
    return Secret(content.text(), nullptr);
  if (!content.is_pending())
    return content;
  Expression text{.kind = Expression::Kind::Text, .where = where};
  const Expression& written = *content.pending();
  if (written.kind != Expression::Kind::Text)
    text.operands = {content.pending(), as_expression(Secret("", nullptr), where)};
  for (const Expression::Pointer& part : written.kind == Expression::Kind::Text
                                             ? written.operands
                                             : std::vector<Expression::Pointer>()) {
    const bool is_plain = part->kind == Expression::Kind::Literal && part->literal.is_text();
    text.operands.push_back(
        is_plain ? as_expression(Secret(part->literal.text(), nullptr), part->where) : part);
  }
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(text))));
}

bool has_content(const FileState& state, const Value& content) {
  return content.is_secret() ? content.secret().holds(state.digest)
                             : state.digest == sha256(content.text());
}

bool is_as_wanted(const FileState& state, const FileSpec& spec, const Value& content) {
  if (state.kind != spec.kind || !has_content(state, content))
    return false;
  if (spec.kind == FileKind::Link)
    return true;
  return state.mode == spec.mode && state.owner == spec.owner &&
         (spec.group.empty() || state.group == spec.group);
}

std::int64_t times_mended(const Record& record) {
  const auto found = record.notes.find(kMended);
  return found == record.notes.end() ? 0 : found->second.integer();
}

}  // namespace

const Schema& FileComponent::schema() const {
  static const Schema schema{
      .component = "file",
      .section = "software",
      .about = "A file on a node. What was there before comes back when the item goes.",
      .subject = "path",
      .properties = {{.name = "path",
                      .type = {.kind = Type::Kind::Path},
                      .about = "Where it is. Missing directories above are made, root's, 0755.",
                      .required = true,
                      .on_change = OnChange::Replace},
                     {.name = "content",
                      .type = {.kind = Type::Kind::Text},
                      .about = "What is in it. This, source, template or link is required."},
                     {.name = "source",
                      .type = {.kind = Type::Kind::Bytes},
                      .about = "A file of this machine that it is a copy of.",
                      .gives = "content"},
                     {.name = "template",
                      .type = {.kind = Type::Kind::Template},
                      .about = "A file of this machine whose text it has, with the references in "
                               "it resolved.",
                      .gives = "content"},
                     {.name = "link",
                      .type = {.kind = Type::Kind::Text},
                      .about = "The path is a symbolic link to this one."},
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
                      .fallback = Value("0644")},
                     {.name = "secret",
                      .type = {.kind = Type::Kind::Boolean},
                      .about = "Its content is shown nowhere.",
                      .fallback = Value(false),
                      .on_change = OnChange::Ignore}},
      .attributes = {{.name = "digest",
                      .type = {.kind = Type::Kind::Text},
                      .phase = Phase::Late,
                      .about = "SHA-256 of its content, in hexadecimal; `+N` behind it when it "
                               "was mended N times after somebody else had changed it."}}};
  return schema;
}

void FileComponent::check(const Resource& resource, Diagnostics& diagnostics) const {
  const bool has_content = resource.properties.contains("content");
  const bool has_link = resource.properties.contains("link");
  if (has_content && has_link)
    diagnostics.add({.code = "file-content",
                     .summary = "a file has either content or a link",
                     .where = resource.place("link"),
                     .label = "and it has content too"});
  if (!has_content && !has_link)
    diagnostics.add({.code = "file-content",
                     .summary = "this file has no content",
                     .where = resource.where,
                     .hint = "say 'content: ...', 'source: ./file', 'template: ./file', or 'link: "
                             "/path' for a symbolic link"});
}

void FileComponent::expand(const Resource& resource, Expansion& expansion) const {
  const auto secret = resource.properties.find("secret");
  const auto content = resource.properties.find("content");
  if (secret != resource.properties.end() && secret->second.boolean() &&
      content != resource.properties.end())
    expansion.set("content", hidden(content->second, resource.place("content")));
}

Attributes FileComponent::realize(const Properties& wanted, const Record& record,
                                  Context& context) const {
  FileSpec spec = file_spec(wanted);
  const Value content = content_of(wanted);
  Guest& guest = context.guest();
  const std::optional<FileState> state = guest.find_file(spec.path);
  if (state && state->kind == FileKind::Directory)
    throw Error(ErrorKind::Conflict, fmt::format("'{}' is a directory", spec.path));

  if (!record.notes.contains(kOriginalFile)) {
    if (state) {
      // The copy first: without the note it is made again, of what is still the original.
      const std::string copy = kOriginals + spec.path;
      guest.copy_file(spec.path, copy);
      context.note(kOriginalFile, copy);
    } else {
      context.note(kOriginalFile, Value());
    }
  }
  std::int64_t mended = times_mended(record);
  if (!state || !is_as_wanted(*state, spec, content)) {
    // Noted first: what restarts with it does so also when we do not get further than the writing.
    const bool was_realized = record.attributes.contains("digest");
    if (was_realized && (!state || !is_as_wanted(*state, file_spec(record.properties),
                                                 content_of(record.properties))))
      context.note(kMended, ++mended);
    spec.content = content.text();
    guest.write_file(spec);
  }
  const std::string digest = digest_of(content);
  return {{"digest", mended == 0 ? digest : fmt::format("{}+{}", digest, mended)}};
}

void FileComponent::ask(const Record& record, Questions& questions) const {
  questions.files.insert(text_of(record.properties, "path"));
}

std::optional<Properties> FileComponent::observe(const Record& record, Context& context) const {
  const FileSpec spec = file_spec(record.properties);
  const Value content = content_of(record.properties);
  Guest& guest = context.guest();
  const std::optional<FileState> state = guest.find_file(spec.path);
  if (!state)
    return std::nullopt;
  Properties seen = record.properties;
  if (is_as_wanted(*state, spec, content))
    return seen;
  seen.erase("content");
  seen.erase("link");
  if (state->kind == FileKind::Link) {
    seen["link"] = state->target;
    return seen;
  }
  seen["owner"] = state->owner;
  if (seen.contains("group"))
    seen["group"] = state->group;
  if (state->mode != spec.mode)
    seen["mode"] = fmt::format("{:04o}", state->mode);
  if (spec.kind == FileKind::Regular && has_content(*state, content)) {
    seen["content"] = content;
  } else if (state->kind == FileKind::Regular) {
    std::string bytes = guest.read_file(spec.path, kObservedLimit);
    seen["content"] = content.is_secret() ? Value(content.secret().with_text(std::move(bytes)))
                                          : Value(std::move(bytes));
  }
  return seen;
}

void FileComponent::remove(const Record& record, Context& context) const {
  const auto original = record.notes.find(kOriginalFile);
  if (original == record.notes.end())
    return;
  const std::string path = text_of(record.properties, "path");
  Guest& guest = context.guest();
  if (original->second.is_null()) {
    guest.remove_file(path);
    return;
  }
  // Gone from where it is kept, it is back already.
  if (guest.find_file(original->second.text()))
    guest.rename_file(original->second.text(), path);
}

}  // namespace encamp
