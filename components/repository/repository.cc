#include "components/repository/repository.h"

#include <fmt/format.h>

#include "engine/world/digest.h"
#include "engine/world/repository.h"

namespace encamp {
namespace {

/// The notes on what was written, and on what the package index was fetched for, as digests.
constexpr const char* kWritten = "written";
constexpr const char* kFetched = "fetched";

bool is_noted(const Record& record, const char* name, const std::string& digest) {
  const auto found = record.notes.find(name);
  return found != record.notes.end() && found->second.text() == digest;
}

class RepositoryComponent : public Component {
 public:
  const Schema& schema() const override {
    const Type text{.kind = Type::Kind::Text};
    const Type texts{.kind = Type::Kind::List, .item = {text}, .or_one = true};
    static const Schema schema{
        .component = "repository",
        .section = "software",
        .about =
            "Where apt of the node finds more packages. It comes before all packages that "
            "need nothing, in the image already.",
        .subject = "name",
        .properties = {{.name = "name",
                        .type = text,
                        .about = "What it is called here.",
                        .required = true,
                        .on_change = OnChange::Replace,
                        .pattern = "[A-Za-z0-9][A-Za-z0-9_-]*"},
                       {.name = "url",
                        .type = text,
                        .about = "Where it is: `https://...`, or `file:///...` on the node.",
                        .required = true,
                        .pattern = "[a-z+]+:[^ \\n]+"},
                       {.name = "suites",
                        .type = texts,
                        .about = "Which of its suites, `bookworm-backports` for example; one that "
                                 "ends with `/` is a directory, and then there are no components.",
                        .required = true},
                       {.name = "components",
                        .type = texts,
                        .about = "Which parts of them; `main` unless said."},
                       {.name = "key",
                        .type = text,
                        .about =
                            "The public key it is signed with, as armored text, or the path "
                            "of a keyring on the node. Without it, the keys that apt trusts."}},
        .attributes = {}};
    return schema;
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    const Repository repository = repository_of(wanted);
    const FileSpec file{.path = path_of(repository), .content = to_sources(repository)};
    const std::string digest = sha256(file.content);
    Guest& guest = context.guest();
    const std::optional<FileState> state = guest.find_file(file.path);
    const bool is_there = state && state->digest == digest;
    if (is_there && (!record.notes.contains(kWritten) || is_noted(record, kFetched, digest)))
      return {};  // In the image, with its index.
    context.note(kWritten, digest);
    if (!is_there)
      guest.write_file(file);
    context.progress("fetching the package index");
    guest.update_packages(context.time_left());
    context.note(kFetched, digest);
    return {};
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    const Repository repository = repository_of(record.properties);
    const std::optional<FileState> state = context.guest().find_file(path_of(repository));
    if (!state || state->digest != sha256(to_sources(repository)))
      return std::nullopt;
    return record.properties;
  }

  void remove(const Record& record, Context& context) const override {
    context.guest().remove_file(path_of(repository_of(record.properties)));
  }
};

}  // namespace

std::unique_ptr<const Component> make_repository_component() {
  return std::make_unique<RepositoryComponent>();
}

}  // namespace encamp
