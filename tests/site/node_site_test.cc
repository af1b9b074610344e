// Nodes as containers and as machines.
#include "tests/site/node_site.h"

namespace encamp {
namespace {

using std::chrono::seconds;
using test::NodeSite;
using test::seconds_between;
using test::SiteContext;

TEST_P(NodeSite, BootsWithItsIdentityAndLimitsAndGoesWithoutATrace) {
  const Clock::Instant begin = context_.clock().now();
  const Attributes attributes = node_->realize(wanted_, record_, context_);
  std::printf("%s: realized and logged in after %.2f s\n", GetParam(),
              seconds_between(begin, context_.clock().now()));

  EXPECT_EQ(attributes.at("ssh_host_key").text(), context_.ssh_key("nodes.head").public_key);
  EXPECT_EQ(output("hostname; hostname -f"), fmt::format("head\nhead.{}.test\n", name_));
  EXPECT_EQ(output("stat -c '%n %U %a' / /etc /etc/ssh /root /root/.ssh "
                   "/root/.ssh/authorized_keys /etc/ssh/ssh_host_ed25519_key /etc/hosts"),
            "/ root 755\n/etc root 755\n/etc/ssh root 755\n/root root 700\n/root/.ssh root 700\n"
            "/root/.ssh/authorized_keys root 600\n/etc/ssh/ssh_host_ed25519_key root 600\n"
            "/etc/hosts root 644\n");
  EXPECT_EQ(output("cat /etc/machine-id").size(), 33U);
  EXPECT_EQ(output("systemctl is-system-running --wait; systemctl --failed --no-legend"),
            "running\n");
  EXPECT_EQ(output("getent hosts $(hostname) | wc -l"), "1\n");
  EXPECT_EQ(output("ls /.oldroot /mnt; mount | grep -c ' on /mnt' || true"),
            "/.oldroot:\n\n/mnt:\n0\n");

  // More than its memory, more than its disk: both fail inside.
  const CommandResult memory = context_.guest().probe(
      {.text = R"(perl -e '$x = "a" x (400 << 20); print length $x')", .timeout = seconds(60)});
  EXPECT_NE(memory.exit, 0);
  EXPECT_EQ(memory.output, "");
  EXPECT_NE(output("dd if=/dev/zero of=/big bs=1M count=600 2>&1 || true; rm -f /big")
                .find("No space left on device"),
            std::string::npos);

  // Again is nothing new, and what was changed inside stays over a restart.
  EXPECT_EQ(node_->realize(wanted_, record_, context_).size(), 1U);
  EXPECT_EQ(node_->observe(record_, context_), wanted_);
}

TEST_P(NodeSite, ChangesItsMemory) {
  node_->realize(wanted_, record_, context_);
  output("echo changed >>/etc/hosts; sync");
  wanted_["memory"] = Bytes::mebi(320);

  if (std::string(GetParam()) == "machine")
    context_.disconnect();
  node_->realize(wanted_, record_, context_);

  EXPECT_EQ(node_->observe(record_, context_)->at("memory"), Value(Bytes::mebi(320)));
  EXPECT_EQ(output("tail -n 1 /etc/hosts"), "changed\n");
}

TEST_P(NodeSite, LeavesAForeignGuestAlone) {
  node_->realize(wanted_, record_, context_);
  SiteContext stranger(name_, "nodes.other");
  stranger.image = context_.image;

  try {
    node_->realize(wanted_, record_, stranger);
    FAIL() << "took it over";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict) << error.what();
  }
  node_->remove(record_, stranger);

  EXPECT_EQ(output("hostname"), "head\n");
}

INSTANTIATE_TEST_SUITE_P(Kinds, NodeSite, testing::Values("container", "machine"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace encamp
