#include "components/repository/repository.h"

#include <gtest/gtest.h>

#include "engine/world/repository.h"
#include "tests/support/item_context.h"

namespace encamp::test {
namespace {

constexpr const char* kPath = "/etc/apt/sources.list.d/encamp-extra.sources";

class RepositoryItem : public testing::Test {
 protected:
  std::unique_ptr<const Component> repository_ = make_repository_component();
  ItemContext context_{"nodes.node.software['repository extra']"};
  FakeMachine& machine_ = context_.machine;
  const Properties wanted_{{"name", "extra"},
                           {"url", "http://deb.test/debian"},
                           {"suites", Value::List{"bookworm-backports"}}};
};

TEST_F(RepositoryItem, WritesItsFileAndFetchesTheIndexOnce) {
  context_.realize(*repository_, wanted_);
  context_.realize(*repository_, wanted_);

  EXPECT_EQ(machine_.files.at(kPath).content,
            "Types: deb\nURIs: http://deb.test/debian\nSuites: bookworm-backports\n"
            "Components: main\n");
  EXPECT_EQ(machine_.index_updates, 1);
}

TEST_F(RepositoryItem, FetchesTheIndexAgainWhenThatFailed) {
  context_.faults.fail("update_packages", Error(ErrorKind::Failed, "no route"), 1,
                       Faults::When::Before);
  EXPECT_THROW(context_.realize(*repository_, wanted_), Error);

  context_.realize(*repository_, wanted_);

  EXPECT_EQ(machine_.index_updates, 1);
}

TEST_F(RepositoryItem, FindsItselfInTheImage) {
  machine_.files[kPath] = {.path = kPath, .content = to_sources(repository_of(wanted_))};

  context_.realize(*repository_, wanted_);

  EXPECT_EQ(machine_.index_updates, 0);
}

TEST_F(RepositoryItem, TakesItsFileAway) {
  context_.realize(*repository_, wanted_);

  repository_->remove(context_.own, context_);

  EXPECT_FALSE(machine_.files.contains(kPath));
}

TEST(RepositoryText, HasTheKeyInIt) {
  const Repository flat{.name = "x",
                        .url = "file:///srv",
                        .suites = {"./"},
                        .components = {},
                        .key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END\n"};

  EXPECT_EQ(to_sources(flat),
            "Types: deb\nURIs: file:///srv\nSuites: ./\nSigned-By:\n"
            " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END\n");
}

}  // namespace
}  // namespace encamp::test
