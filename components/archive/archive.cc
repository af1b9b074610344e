#include "components/archive/archive.h"

#include <fmt/format.h>

namespace encamp {
namespace {

/// The note that there is something to take away.
constexpr const char* kUnpacked = "unpacked";

const std::string& path_of(const Properties& properties) {
  return properties.at("path").text();
}

class ArchiveComponent : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{
        .component = "archive",
        .section = "software",
        .about =
            "What is in a tar archive, unpacked into a directory of a node. What came with it "
            "goes with the item; a file that was there before is overwritten and stays.",
        .subject = "path",
        .properties = {{.name = "path",
                        .type = {.kind = Type::Kind::Path},
                        .about = "The directory. It is made when it is not there.",
                        .required = true,
                        .on_change = OnChange::Replace},
                       {.name = "source",
                        .type = {.kind = Type::Kind::Bytes},
                        .about = "A tar file of this machine, at most 16 MiB, plain or in a "
                                 "compression that the node knows (gzip always).",
                        .required = true},
                       {.name = "strip",
                        .type = {.kind = Type::Kind::Integer},
                        .about = "How many directories are left out at the beginning of each name.",
                        .fallback = Value(0),
                        .least = Value(0),
                        .most = Value(20)}},
        .attributes = {{.name = "digest",
                        .type = {.kind = Type::Kind::Text},
                        .phase = Phase::Late,
                        .about = "SHA-256 of the archive, in hexadecimal."}}};
    return schema;
  }

  /// An archive is told by its digest: nobody reads its bytes in a plan.
  Change compare(const Properties& wanted, const Properties& recorded) const override {
    Change change = Component::compare(wanted, recorded);
    for (std::string& reason : change.reasons) {
      if (reason.starts_with("source: "))
        reason = "source: another archive";
    }
    return change;
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    if (!record.notes.contains(kUnpacked))
      context.note(kUnpacked, true);
    context.progress("unpacking");
    context.guest().unpack(path_of(wanted), wanted.at("source").text(),
                           static_cast<int>(wanted.at("strip").integer()));
    return {{"digest", digest_of(wanted.at("source"))}};
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    const std::optional<FileState> state = context.guest().find_file(path_of(record.properties));
    if (!state || state->kind != FileKind::Directory)
      return std::nullopt;
    return record.properties;
  }

  void remove(const Record& record, Context& context) const override {
    if (record.notes.contains(kUnpacked))
      context.guest().remove_unpacked(path_of(record.properties));
  }
};

}  // namespace

std::unique_ptr<const Component> make_archive_component() {
  return std::make_unique<ArchiveComponent>();
}

}  // namespace encamp
