// From names that are kept elsewhere to something small: an address to its vertex, its row, its
// draft. Sites have hundreds of thousands of addresses, and each stage looks all of them up: a name
// found costs two reads of far memory here, its slot and its text, and nothing is allocated for
// one.
//
//     NameMap<Graph::Vertex> vertices;
//     vertices.emplace(resource.address, 7);      // the resource stays where it is
//     if (const Graph::Vertex* vertex = vertices.find("nodes.head")) ...
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace encamp {

/// Slots one behind the other, at most half of them taken; a name is in the first free one from
/// where its hash says. Names must outlive the map and not move.
template <typename T>
class NameMap {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::size_t size() const { return size_; }

  void reserve(std::size_t names) {
    if (slots_.size() < 2 * names)
      move_to(std::bit_ceil(2 * names));
  }

  /// What is kept under `name`, or nullptr. Valid until the next change.
  const T* find(std::string_view name) const {
    if (slots_.empty())
      return nullptr;
    const Slot& slot = slots_[place_of(name, hash_of(name))];
    return slot.text == nullptr ? nullptr : &slot.value;
  }
  T* find(std::string_view name) { return const_cast<T*>(std::as_const(*this).find(name)); }

  /// Keeps what is there already under that name; says whether it was put there.
  std::pair<T*, bool> emplace(std::string_view name, T value) {
    reserve(size_ + 1 < kFew ? kFew : size_ + 1);
    const std::uint32_t hash = hash_of(name);
    Slot& slot = slots_[place_of(name, hash)];
    const bool is_new = slot.text == nullptr;
    if (is_new) {
      slot = {name.data(), static_cast<std::uint32_t>(name.size()), hash, value};
      ++size_;
    }
    return {&slot.value, is_new};
  }

  void erase(std::string_view name) {
    if (find(name) == nullptr)
      return;
    std::size_t hole = place_of(name, hash_of(name));
    --size_;
    // Who stands behind and would not be found any more moves into the hole.
    for (std::size_t at = next(hole); slots_[at].text != nullptr; at = next(at)) {
      const std::size_t wanted = slots_[at].hash & (slots_.size() - 1);
      const std::size_t mask = slots_.size() - 1;
      if (((at - wanted) & mask) >= ((at - hole) & mask)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole].text = nullptr;
  }

 private:
  struct Slot {
    const char* text = nullptr;  ///< nullptr: free.
    std::uint32_t size = 0;
    std::uint32_t hash = 0;
    T value{};
  };
  static constexpr std::size_t kFew = 8;

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }
  std::size_t next(std::size_t place) const { return (place + 1) & (slots_.size() - 1); }

  /// Where `name` is, or would be.
  std::size_t place_of(std::string_view name, std::uint32_t hash) const {
    std::size_t place = hash & (slots_.size() - 1);
    for (; slots_[place].text != nullptr; place = next(place)) {
      const Slot& slot = slots_[place];
      if (slot.hash == hash && std::string_view(slot.text, slot.size) == name)
        break;
    }
    return place;
  }

  void move_to(std::size_t slots) {
    std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots));
    for (const Slot& slot : before) {
      if (slot.text != nullptr)
        slots_[place_of({slot.text, slot.size}, slot.hash)] = slot;
    }
  }

  std::vector<Slot> slots_;  ///< A power of two of them.
  std::size_t size_ = 0;
};

}  // namespace encamp
