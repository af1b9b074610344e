// Bytes on their way to a volume: large, mostly holes, read once.
#pragma once

#include <optional>
#include <string_view>

#include "engine/description/quantity.h"

namespace encamp {

/// A piece of data; between two pieces there is a hole that reads as zeros.
struct Extent {
  std::int64_t offset = 0;
  std::string_view data;  ///< Valid until the next call of next().
};

class Content {
 public:
  virtual ~Content() = default;
  virtual Bytes size() const = 0;
  /// The next piece in ascending order, at most 1 MiB long; nothing at the end.
  virtual std::optional<Extent> next() = 0;
};

}  // namespace encamp
