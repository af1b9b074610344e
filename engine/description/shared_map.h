// A map from names whose copies share what is in them until one of them is changed. Resources go
// from stage to stage as values, and thousands of copies of a node have the same properties; so a
// copy costs a counter.
//
//     SharedMap<Value> wanted = recorded;    // nothing is copied
//     wanted["mode"] = "0600";               // this copies; `recorded` keeps what it has
//
// Sorted by name. Threads: as std::map, and different copies may be used by different threads.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace encamp {

template <typename T>
class SharedMap {
 public:
  using value_type = std::pair<std::string, T>;
  using const_iterator = const value_type*;
  using iterator = const_iterator;  ///< What changes it says so: operator[], entries_to_change().

  SharedMap() = default;
  SharedMap(std::initializer_list<value_type> entries) {
    for (const value_type& entry : entries)
      emplace(entry.first, entry.second);
  }

  const_iterator begin() const { return shared_ == nullptr ? nullptr : shared_->entries.data(); }
  const_iterator end() const { return begin() + size(); }
  std::size_t size() const { return shared_ == nullptr ? 0 : shared_->entries.size(); }
  bool empty() const { return size() == 0; }

  const_iterator find(std::string_view name) const {
    if (size() <= kFew)  // Nearly all: their lengths tell most names apart.
      return std::find_if(begin(), end(), [&](const value_type& e) { return e.first == name; });
    const const_iterator place = lower_bound(name);
    return place != end() && place->first == name ? place : end();
  }
  bool contains(std::string_view name) const { return find(name) != end(); }
  /// Throws std::out_of_range when there is none.
  const T& at(std::string_view name) const {
    const const_iterator found = find(name);
    if (found == end())
      throw std::out_of_range("there is no '" + std::string(name) + "'");
    return found->second;
  }

  /// Made when it is not there. Changes move what references to entries point at.
  T& operator[](std::string_view name) {
    const const_iterator found = lower_bound(name);
    const std::ptrdiff_t place = found - begin();
    const bool is_new = found == end() || found->first != name;
    std::vector<value_type>& own = detached(is_new ? 1 : 0);
    if (is_new)
      own.emplace(own.begin() + place, std::string(name), T());
    return own[static_cast<std::size_t>(place)].second;
  }
  /// Keeps what is there already under that name; says whether it was put there.
  bool emplace(std::string_view name, T value) {
    const const_iterator place = lower_bound(name);
    if (place != end() && place->first == name)
      return false;
    const std::ptrdiff_t at = place - begin();
    std::vector<value_type>& own = detached(1);
    own.emplace(own.begin() + at, std::string(name), std::move(value));
    return true;
  }
  /// Returns how many there were of that name.
  std::size_t erase(std::string_view name) {
    const const_iterator found = find(name);
    if (found == end())
      return 0;
    const std::ptrdiff_t at = found - begin();
    std::vector<value_type>& own = detached();
    own.erase(own.begin() + at);
    return 1;
  }
  template <typename Predicate>
  friend std::size_t erase_if(SharedMap& map, const Predicate& predicate) {
    return std::ranges::any_of(map, predicate) ? std::erase_if(map.detached(), predicate) : 0;
  }
  /// To change values in place; their names stay.
  std::span<value_type> entries_to_change() {
    return empty() ? std::span<value_type>() : detached();
  }

  bool operator==(const SharedMap& other) const {
    return shared_ == other.shared_ || std::ranges::equal(*this, other);
  }

 private:
  struct Shared : boost::intrusive_ref_counter<Shared> {
    std::vector<value_type> entries;
  };
  static constexpr std::size_t kFew = 8;

  const_iterator lower_bound(std::string_view name) const {
    return std::lower_bound(begin(), end(), name, [](const value_type& entry, std::string_view n) {
      return entry.first < n;
    });
  }

  /// The entries, nobody else's, with room for `more` if they were shared.
  std::vector<value_type>& detached(std::size_t more = 0) {
    if (shared_ == nullptr) {
      shared_.reset(new Shared);
    } else if (shared_->use_count() != 1) {
      const boost::intrusive_ptr<Shared> others = std::exchange(shared_, new Shared);
      shared_->entries.reserve(others->entries.size() + more);
      shared_->entries = others->entries;
    }
    return shared_->entries;
  }

  boost::intrusive_ptr<Shared> shared_;
};

}  // namespace encamp
