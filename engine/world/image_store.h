// Where images lie on a host, and what is written beside each: shared by the component that makes
// them and by the commands that list and remove them.
//
//     pool encamp.images:   <key>.root  <key>.kernel  <key>.initrd  <key>.complete
//
// The last is the marker, written last. It holds the label.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/world/host.h"
#include "engine/world/workshop.h"

namespace encamp {

inline constexpr const char* kImagePool = "encamp.images";
/// The pool of every host, the same for all deployments and users.
Claim image_pool();
/// `part` is root, kernel, initrd or complete.
VolumeId image_volume(const std::string& key, const std::string& part);
std::vector<std::string> image_parts(Isolation isolation);

/// What an image is, for people and for telling whether somebody is about to use it.
struct ImageLabel {
  ImageRecipe recipe;
  Isolation isolation = Isolation::Container;
  std::int64_t made = 0;  ///< Seconds since 1970.
};

std::string to_text(const ImageLabel& label);
/// What is put into the marker.
std::unique_ptr<Content> make_marker(std::string text);
/// Nothing when `text` is no label.
std::optional<ImageLabel> image_label_from(std::string_view text);

/// `debian bookworm + curl, nginx-light`, `root.tar.gz 7f3c2a90`
std::string about(const ImageRecipe& recipe);

}  // namespace encamp
