#include "components/node/baking.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/world/digest.h"
#include "engine/world/local_package.h"

namespace encamp {
namespace {

const Value* find(const Resource& resource, const std::string& name) {
  const auto found = resource.properties.find(name);
  return found == resource.properties.end() || found->second.is_null() ? nullptr : &found->second;
}

// Of an image `packages`, of an item `names`.
void add_packages(const Resource& resource, const std::string& property,
                  std::set<std::string>& packages) {
  const Value* list = find(resource, property);
  if (list == nullptr || !list->is_list() || !list->is_known())
    return;
  for (const Value& package : list->list())
    packages.insert(package.text());
}

bool is_text_or_none(const Value* value) {
  return value == nullptr || value->is_text();
}

bool is_known(const Properties& properties) {
  return std::ranges::all_of(properties, [](const auto& p) { return p.second.is_known(); });
}

bool is_baked_repository(const Resource& item) {
  return item.component == "repository" && item.needs.empty() && is_known(item.properties);
}

bool can_be_baked(const Resource& item) {
  return item.component == "package" && item.needs.empty() && find(item, "version") == nullptr &&
         is_text_or_none(find(item, "prepare"));
}

}  // namespace

const Resource* image_of(const Resource& node, const Site& site) {
  if (const Value* named = find(node, "image"); named != nullptr)
    return named->is_reference() ? site.find(named->reference()) : nullptr;
  const Resource* only = nullptr;
  for (const Resource& resource : site.resources) {
    if (resource.component != "image")
      continue;
    if (only != nullptr)
      return nullptr;
    only = &resource;
  }
  return only;
}

Value essence_of(const Resource& image) {
  Value::Mapping essence;
  for (const char* name : {"debian", "architecture", "mirror", "sha256", "packages"}) {
    if (const Value* value = find(image, name))
      essence.push_back({name, *value});
  }
  if (const Value* software = find(image, "software"))
    essence.push_back({"software", sha256(to_json(*software)).substr(0, 16)});
  return essence;
}

std::set<std::string> packages_of(const Site& site) {
  std::set<std::string> packages;
  for (const Resource& item : site.resources) {
    if (item.component == "package")
      add_packages(item, "names", packages);
  }
  return packages;
}

std::optional<Resource> baked_image(const Resource& image,
                                    const std::vector<const Resource*>& items) {
  std::set<std::string> added;
  Value::List prepare;
  std::map<std::string, Value> files;  // By digest: the name does not depend on where they lie.
  for (const Resource* item : items) {
    if (!can_be_baked(*item))
      continue;
    add_packages(*item, "names", added);
    if (const Value* script = find(*item, "prepare");
        script != nullptr && std::ranges::find(prepare, *script) == prepare.end())
      prepare.push_back(*script);
    for (const LocalPackage& file : local_packages_of(item->properties))
      files.insert({file.digest, to_value(file)});
  }
  if (added.empty())
    return std::nullopt;
  std::vector<std::string> parts;
  Value::List repositories;
  for (const Resource* item : items) {
    if (!is_baked_repository(*item))
      continue;
    parts.push_back("repository " + item->properties.at("name").text());
    Value::Mapping repository;
    for (const auto& [name, value] : item->properties)
      repository.push_back({name, value});
    repositories.emplace_back(std::move(repository));
  }
  parts.insert(parts.end(), added.begin(), added.end());
  std::string name = fmt::format("{} + {}", last_name(image.address), fmt::join(parts, ", "));
  if (!prepare.empty())
    name += fmt::format(" after {}", sha256(to_json(Value(prepare))).substr(0, 8));
  if (!files.empty()) {
    std::string digests;
    for (const auto& [digest, file] : files)
      digests += digest;
    name += fmt::format(" with files {}", sha256(digests).substr(0, 8));
  }
  Resource baked{.address = child_address("images", name),
                 .component = "image",
                 .properties = image.properties};
  std::set<std::string> all = added;
  add_packages(image, "packages", all);
  baked.properties["packages"] = Value::List(all.begin(), all.end());
  if (!repositories.empty())
    baked.properties["repositories"] = std::move(repositories);
  if (!prepare.empty())
    baked.properties["prepare"] = std::move(prepare);
  if (!files.empty()) {
    Value::List list;
    for (auto& [digest, file] : files)
      list.push_back(std::move(file));
    baked.properties["files"] = std::move(list);
  }
  baked.properties["base"] = Reference{image.address};
  return baked;
}

}  // namespace encamp
