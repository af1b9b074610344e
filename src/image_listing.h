// The images of a host: what they are, who uses them, and which nobody does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/state/record.h"
#include "engine/world/image_store.h"

namespace encamp {

struct ListedImage {
  std::string key;
  std::optional<ImageLabel> label;  ///< Nothing: half made, or made without one.
  bool complete = false;
  Bytes size;                            ///< On the host's disk.
  std::vector<std::string> volumes;      ///< Their names, the marker first.
  std::vector<std::string> guests;       ///< Of the host, that have one of its volumes.
  std::vector<std::string> deployments;  ///< That have it, or are about to.
  bool is_used() const { return !guests.empty() || !deployments.empty(); }
};

/// What a deployment says of the images it uses.
struct ImageUse {
  std::string deployment;
  std::vector<Record> records;  ///< All of its journal.
};

/// By age, the oldest first; what has no label before all others.
std::vector<ListedImage> list_images(Host& host, const std::vector<ImageUse>& uses);

/// Takes the image away, its marker first, so that nobody begins to use what is half gone. Returns
/// false, and leaves it, when a guest uses it after all.
bool remove_image(Host& host, const ListedImage& image);

}  // namespace encamp
