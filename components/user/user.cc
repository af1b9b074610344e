#include "components/user/user.h"

#include <algorithm>

#include <fmt/format.h>

namespace encamp {
namespace {

/// The note on the account before the item: a mapping, or null when there was none.
constexpr const char* kOriginalUser = "original";
/// The note on where the keys that were there before are kept, or null when there were none.
constexpr const char* kOriginalKeys = "original_keys";
constexpr const char* kKeptFiles = "/var/lib/encamp/originals";

std::optional<int> number_of(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  if (found == properties.end() || found->second.is_null())
    return std::nullopt;
  return static_cast<int>(found->second.integer());
}

std::vector<std::string> texts_in(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& item : list.list())
    texts.push_back(item.text());
  return texts;
}

std::optional<std::vector<std::string>> texts_if_given(const Properties& properties,
                                                       const std::string& name) {
  const auto found = properties.find(name);
  if (found == properties.end() || found->second.is_null())
    return std::nullopt;
  return texts_in(found->second);
}

UserSpec user_spec(const Properties& wanted) {
  UserSpec spec{.name = text_of(wanted, "name"),
                .uid = number_of(wanted, "uid"),
                .gid = number_of(wanted, "gid"),
                .home = text_of(wanted, "home"),
                .shell = text_of(wanted, "shell"),
                .groups = texts_if_given(wanted, "groups"),
                .system = wanted.contains("system") && wanted.at("system").boolean()};
  return spec;
}

Value as_note(const UserState& user) {
  return Value::Mapping{{"uid", user.uid},
                        {"gid", user.gid},
                        {"home", user.home},
                        {"shell", user.shell},
                        {"groups", Value::List(user.groups.begin(), user.groups.end())}};
}

UserSpec user_spec(const std::string& name, const Value& note) {
  return {.name = name,
          .uid = static_cast<int>(note.find("uid")->integer()),
          .gid = static_cast<int>(note.find("gid")->integer()),
          .home = note.find("home")->text(),
          .shell = note.find("shell")->text(),
          .groups = texts_in(*note.find("groups"))};
}

std::string keys_path(const std::string& home) {
  return home + "/.ssh/authorized_keys";
}

void write_keys(const UserSpec& spec, const std::vector<std::string>& keys, const Record& record,
                Context& context) {
  Guest& guest = context.guest();
  const std::optional<UserState> user = guest.find_user(spec.name);
  if (!user)
    throw Error(ErrorKind::Failed, fmt::format("user '{}' went while it was made", spec.name));
  const std::string path = keys_path(user->home);
  const bool was_there = guest.find_file(path).has_value();
  if (!record.notes.contains(kOriginalKeys)) {
    if (was_there)
      guest.copy_file(path, kKeptFiles + path);
    context.note(kOriginalKeys, was_there ? Value(kKeptFiles + path) : Value());
  }
  std::string lines;
  for (const std::string& key : keys)
    lines += key + (key.ends_with('\n') ? "" : "\n");
  if (!guest.find_file(user->home + "/.ssh"))
    guest.write_file({.path = user->home + "/.ssh",
                      .kind = FileKind::Directory,
                      .owner = spec.name,
                      .mode = 0700});
  guest.write_file({.path = path, .content = lines, .owner = spec.name, .mode = 0600});
}

void restore_keys(const Record& record, const std::string& home, Guest& guest) {
  const auto kept = record.notes.find(kOriginalKeys);
  if (kept == record.notes.end())
    return;
  if (kept->second.is_null())
    guest.remove_file(keys_path(home));
  else if (guest.find_file(kept->second.text()))
    guest.rename_file(kept->second.text(), keys_path(home));
}

class UserComponent : public Component {
 public:
  const Schema& schema() const override {
    const Type text{.kind = Type::Kind::Text};
    const Type texts{.kind = Type::Kind::List, .item = {text}, .or_one = true};
    static const Schema schema{
        .component = "user",
        .section = "software",
        .about =
            "An account on a node. One that was there before is as it was when the item "
            "goes; a new one goes and leaves its home behind.",
        .subject = "name",
        .properties =
            {{.name = "name",
              .type = text,
              .about = "What it is called.",
              .required = true,
              .on_change = OnChange::Replace,
              .pattern = "[a-z_][a-z0-9_-]{0,31}"},
             {.name = "uid",
              .type = {.kind = Type::Kind::Integer},
              .about = "Its number; a free one unless said.",
              .least = Value(0)},
             {.name = "gid",
              .type = {.kind = Type::Kind::Integer},
              .about = "The number of its group; a group of its own name unless said, and also "
                       "when no group has that number.",
              .least = Value(0)},
             {.name = "home",
              .type = {.kind = Type::Kind::Path},
              .about = "/home/NAME unless "
                       "said."},
             {.name = "shell", .type = {.kind = Type::Kind::Path}, .about = "/bin/sh unless said."},
             {.name = "groups", .type = texts, .about = "Other groups it is in, and no more."},
             {.name = "system",
              .type = {.kind = Type::Kind::Boolean},
              .about = "For a service: it has a number below 1000, and no home is made.",
              .fallback = Value(false),
              .on_change = OnChange::Ignore},
             {.name = "authorized_keys",
              .type = texts,
              .about = "Public keys that may log in as this user over SSH, and no others."}},
        .attributes = {}};
    return schema;
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    const UserSpec spec = user_spec(wanted);
    Guest& guest = context.guest();
    if (!record.notes.contains(kOriginalUser)) {
      const std::optional<UserState> before = guest.find_user(spec.name);
      context.note(kOriginalUser, before ? as_note(*before) : Value());
    }
    guest.put_user(spec);
    if (const auto keys = texts_if_given(wanted, "authorized_keys"))
      write_keys(spec, *keys, record, context);
    return {};
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    const std::optional<UserState> user =
        context.guest().find_user(text_of(record.properties, "name"));
    if (!user)
      return std::nullopt;
    Properties seen = record.properties;
    const std::vector<std::pair<const char*, Value>> all{
        {"uid", user->uid},
        {"gid", user->gid},
        {"home", user->home},
        {"shell", user->shell},
        {"groups", Value::List(user->groups.begin(), user->groups.end())}};
    for (const auto& [name, value] : all) {
      const auto wanted = seen.find(name);
      if (wanted == seen.end())
        continue;
      if (wanted->second.is_list()) {  // In whatever order they were written.
        std::vector<std::string> texts = texts_in(wanted->second);
        std::ranges::sort(texts);
        if (texts == user->groups)
          continue;
      }
      seen[name] = value;
    }
    return seen;
  }

  void remove(const Record& record, Context& context) const override {
    const auto original = record.notes.find(kOriginalUser);
    if (original == record.notes.end())
      return;
    const std::string name = text_of(record.properties, "name");
    Guest& guest = context.guest();
    if (original->second.is_null()) {
      guest.remove_user(name);
      return;
    }
    if (const std::optional<UserState> user = guest.find_user(name))
      restore_keys(record, user->home, guest);
    guest.put_user(user_spec(name, original->second));
  }
};

}  // namespace

std::unique_ptr<const Component> make_user_component() {
  return std::make_unique<UserComponent>();
}

}  // namespace encamp
