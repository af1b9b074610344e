#include <gtest/gtest.h>

#include "components/group/group.h"
#include "components/user/user.h"
#include "tests/support/item_context.h"

namespace encamp::test {
namespace {

using Names = std::vector<std::string>;

class UserItem : public testing::Test {
 protected:
  std::unique_ptr<const Component> user_ = make_user_component();
  ItemContext context_{"nodes.node.software['user alice']"};
  FakeMachine& machine_ = context_.machine;
  const Properties wanted_{{"name", "alice"}, {"uid", 5000}, {"groups", Value::List{"grid"}}};
};

TEST_F(UserItem, MakesAUserWhoGoesWithIt) {
  context_.realize(*user_, wanted_);
  EXPECT_EQ(machine_.users.at("alice").uid, 5000);
  EXPECT_EQ(machine_.users.at("alice").groups, Names{"grid"});

  user_->remove(context_.own, context_);
  EXPECT_TRUE(machine_.users.empty());
}

TEST_F(UserItem, PutsAUserBackWhoWasThere) {
  machine_.users["alice"] = {.uid = 77, .gid = 7, .home = "/a", .shell = "/b", .groups = {"x"}};
  context_.realize(*user_, wanted_);
  context_.realize(*user_, wanted_);  // What was first there counts.
  EXPECT_EQ(machine_.users.at("alice").uid, 5000);

  user_->remove(context_.own, context_);
  const UserState& user = machine_.users.at("alice");
  EXPECT_EQ(user.uid, 77);
  EXPECT_EQ(user.gid, 7);
  EXPECT_EQ(user.home, "/a");
  EXPECT_EQ(user.groups, Names{"x"});
}

TEST_F(UserItem, LetsKeysIn) {
  Properties wanted = wanted_;
  wanted["authorized_keys"] = Value::List{"ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"};

  context_.realize(*user_, wanted);

  const FileSpec& keys = machine_.files.at("/home/alice/.ssh/authorized_keys");
  EXPECT_EQ(keys.content, "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n");
  EXPECT_EQ(keys.owner, "alice");
  EXPECT_EQ(keys.mode, 0600);
  EXPECT_EQ(machine_.files.at("/home/alice/.ssh").mode, 0700);
}

TEST_F(UserItem, SeesWhatWasChangedBehindIt) {
  context_.realize(*user_, wanted_);
  EXPECT_EQ(user_->observe(context_.own, context_), context_.own.properties);

  machine_.users.at("alice").uid = 1;
  const std::optional<Properties> seen = user_->observe(context_.own, context_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(user_->compare(wanted_, *seen).reasons, Names{"uid: 1 -> 5000"});

  machine_.users.clear();
  EXPECT_FALSE(user_->observe(context_.own, context_));
}

class GroupItem : public testing::Test {
 protected:
  std::unique_ptr<const Component> group_ = make_group_component();
  ItemContext context_{"nodes.node.software['group grid']"};
  const Properties wanted_{{"name", "grid"}, {"gid", 600}};
};

TEST_F(GroupItem, MakesAGroupThatGoesWithIt) {
  context_.realize(*group_, wanted_);
  EXPECT_EQ(context_.machine.groups.at("grid"), 600);

  group_->remove(context_.own, context_);
  EXPECT_TRUE(context_.machine.groups.empty());
}

TEST_F(GroupItem, LeavesOneThatWasThereWithItsNumber) {
  context_.machine.groups["grid"] = 5;
  context_.realize(*group_, wanted_);
  EXPECT_EQ(context_.machine.groups.at("grid"), 600);

  group_->remove(context_.own, context_);
  EXPECT_EQ(context_.machine.groups.at("grid"), 5);
}

}  // namespace
}  // namespace encamp::test
