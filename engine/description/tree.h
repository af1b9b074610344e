// What a YAML text says, with the place of every key and value. Nothing is typed: whether `0400` is
// text or a number is decided by the key it belongs to, in resolve.
//
//     web: {memory: 256 MiB}      a mapping of one entry `web`, whose value is a mapping of one
//     entry
//          ^ Tree::where          `memory` with the scalar `256 MiB`
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/description/source.h"

namespace encamp {

struct Tree {
  enum class Kind { Null, Scalar, List, Mapping };
  /// How it is written. Only a plain scalar may be anything but text. File: a whole file.
  enum class Style { Plain, SingleQuoted, DoubleQuoted, Literal, Folded, Flow, Block, File };
  struct Entry;

  Kind kind = Kind::Null;
  Style style = Style::Plain;
  std::string text;            ///< Of a scalar; of a null how it is written: empty, `~`, `null`.
  std::vector<Tree> items;     ///< Of a list.
  std::vector<Entry> entries;  ///< Of a mapping, in the order written; keys are unique.
  Span where;
  std::size_t begin = 0;  ///< Where a scalar's text begins in its file, its quote or `|` included.

  bool is_null() const { return kind == Kind::Null; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_list() const { return kind == Kind::List; }
  bool is_mapping() const { return kind == Kind::Mapping; }
  bool is_plain() const { return style == Style::Plain; }

  /// The entry of a mapping, or nullptr.
  const Entry* find(std::string_view key) const;

  /// What it is, as a message would say it: "a list", "text".
  const char* kind_name() const;
};

struct Tree::Entry {
  std::string key;
  Span where;  ///< Of the key.
  Tree value;
};

/// Where each byte of a scalar's text stands in its file: quotes, escapes, folded lines and the
/// indentation of block scalars are between the two.
class ScalarPlaces {
 public:
  explicit ScalarPlaces(const Tree& scalar);

  /// The place of `length` bytes of the text from `offset` on, as far as one line goes.
  Span at(std::size_t offset, std::size_t length) const;

 private:
  std::shared_ptr<const SourceFile> file_;
  std::vector<std::size_t> offsets_;  ///< By byte of the text, and one behind its end.
};

}  // namespace encamp
