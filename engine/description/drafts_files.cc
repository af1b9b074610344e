// Files that descriptions name, and texts with references, each read once.
#include "engine/description/drafts.h"

namespace encamp {

std::shared_ptr<const NamedFile> Drafts::file(const std::string& path, const std::string& from) {
  std::shared_ptr<const NamedFile>& file = files_[{path, from}];
  if (file == nullptr) {
    const std::string absolute = loader_.locate(path, from);
    std::string bytes = loader_.load(absolute);
    budget_.spend(bytes.size() / 64);
    auto source = std::make_shared<const SourceFile>(loader_.shown(absolute), bytes);
    file =
        std::make_shared<const NamedFile>(NamedFile{absolute, std::move(bytes), std::move(source)});
  }
  return file;
}

Scope::Parsed Drafts::parse(const Tree& scalar) {
  if (!has_reference(scalar) || !scalar.where)
    return parse_scalar(scalar);
  const ParsedPlace place{scalar.where.file.get(), scalar.begin, scalar.where.line,
                          scalar.where.column};
  const auto found = parsed_.find(place);
  if (found != parsed_.end() && found->second.first == scalar.text)
    return found->second.second;
  budget_.spend(scalar.text.size() / 16);
  Scope::Parsed parsed = parse_scalar(scalar);
  kept_.push_back(scalar.where.file);
  parsed_.insert_or_assign(place, std::pair{scalar.text, parsed});
  return parsed;
}

}  // namespace encamp
