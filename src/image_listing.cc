#include "src/image_listing.h"

#include <algorithm>
#include <memory>
#include <set>

namespace encamp {
namespace {

std::string key_of(const std::string& volume) {
  return volume.substr(0, volume.find('.'));
}

bool is_marker(const std::string& volume) {
  return volume.ends_with(".complete");
}

// Whether the row of an image is about this one: by its key, or, while it is being made, by what it
// is to be. A row that says neither is about every image without a label.
bool is_about(const Record& row, const ListedImage& image) {
  for (const auto& [kind, parts] : row.attributes) {
    const Value* key = parts.find("key");
    if (key != nullptr && key->is_text() && key->text() == image.key)
      return true;
  }
  if (row.life == Life::Present)
    return false;
  if (!image.label)
    return true;
  const ImageRecipe& recipe = image.label->recipe;
  return text_of(row.properties, "debian") == recipe.debian &&
         text_of(row.properties, "sha256") == recipe.sha256 &&
         std::ranges::is_permutation(texts_of(row.properties, "packages"), recipe.packages);
}

}  // namespace

std::vector<ListedImage> list_images(Host& host, const std::vector<ImageUse>& uses) {
  const std::optional<PoolState> pool = host.find_pool(image_pool());
  std::map<std::string, ListedImage> images;
  if (!pool || pool->uuid != image_pool().uuid)
    return {};
  const auto users = host.volume_users(kImagePool);
  for (const std::string& volume : pool->volumes) {
    ListedImage& image = images[key_of(volume)];
    image.key = key_of(volume);
    const VolumeId id{.pool = kImagePool, .name = volume};
    if (is_marker(volume)) {
      constexpr std::size_t kLongest = 1 << 20;
      image.complete = true;
      image.label = image_label_from(host.read_volume_tail(id, kLongest));
    }
    image.volumes.insert(is_marker(volume) ? image.volumes.begin() : image.volumes.end(), volume);
    if (const std::optional<VolumeState> state = host.find_volume(id))
      image.size.count += state->allocation.count;
    if (const auto guests = users.find(volume); guests != users.end())
      image.guests.insert(image.guests.end(), guests->second.begin(), guests->second.end());
  }
  std::vector<ListedImage> listed;
  for (auto& [key, image] : images) {
    std::ranges::sort(image.guests);
    const auto twice = std::ranges::unique(image.guests);
    image.guests.erase(twice.begin(), twice.end());
    for (const ImageUse& use : uses) {
      const bool uses_it = std::ranges::any_of(use.records, [&](const Record& row) {
        return row.component == "image" && row.host == host.name() && is_about(row, image);
      });
      if (uses_it)
        image.deployments.push_back(use.deployment);
    }
    listed.push_back(std::move(image));
  }
  std::ranges::stable_sort(
      listed, {}, [](const ListedImage& image) { return image.label ? image.label->made : 0; });
  return listed;
}

bool remove_image(Host& host, const ListedImage& image) {
  const auto is_used = [&] {
    const auto users = host.volume_users(kImagePool);
    return std::ranges::any_of(image.volumes,
                               [&](const std::string& one) { return users.contains(one); });
  };
  if (is_used())
    return false;
  for (const std::string& volume : image.volumes) {
    const VolumeId id{.pool = kImagePool, .name = volume};
    host.remove_volume(id);
    // A deployment that saw the marker before it went may have begun to use the image.
    if (is_marker(volume) && is_used()) {
      const std::unique_ptr<Content> marker =
          make_marker(image.label ? to_text(*image.label) : std::string("complete\n"));
      host.create_volume(id, *marker);
      return false;
    }
  }
  return true;
}

}  // namespace encamp
