#include "engine/description/name_map.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace encamp {
namespace {

TEST(NameMap, KeepsTheFirst) {
  NameMap<int> map;
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_TRUE(map.emplace("a", 1).second);
  const auto [kept, is_new] = map.emplace("a", 2);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(*kept, 1);
  *kept = 3;
  EXPECT_EQ(*map.find("a"), 3);
}

// Few names and many changes, so that slots are shared and freed.
RC_GTEST_PROP(NameMap, IsAsAMap, ()) {
  std::map<std::string, int> wanted;
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i)
    names.push_back("nodes.worker-" + std::to_string(i));
  NameMap<int> map;
  for (int step = 0; step < 200; ++step) {
    const std::string& name = names[*rc::gen::inRange<std::size_t>(0, names.size())];
    if (*rc::gen::inRange(0, 3) == 0) {
      map.erase(name);
      wanted.erase(name);
    } else {
      RC_ASSERT(map.emplace(name, step).second == wanted.emplace(name, step).second);
    }
    RC_ASSERT(map.size() == wanted.size());
  }
  for (const std::string& name : names) {
    const auto expected = wanted.find(name);
    const int* found = map.find(name);
    RC_ASSERT((found == nullptr) == (expected == wanted.end()));
    if (found != nullptr)
      RC_ASSERT(*found == expected->second);
  }
}

}  // namespace
}  // namespace encamp
