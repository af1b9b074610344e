// Packages, files and services with the real apt and systemd of a node.
#include "components/file/file.h"
#include "components/package/package.h"
#include "components/service/service.h"
#include "tests/site/node_site.h"

namespace encamp {
namespace {

class SoftwareSite : public test::NodeSite {
 protected:
  void SetUp() override {
    NodeSite::SetUp();
    if (!IsSkipped())
      node_->realize(wanted_, record_, context_);
  }

  /// Realizes an item as a run would; its record.
  Record realize(const Component& component, const Properties& wanted) {
    context_.notes = {};
    Record record{.address = "nodes.head.software.item", .properties = wanted};
    record.attributes = component.realize(wanted, record, context_);
    record.notes = context_.notes;
    return record;
  }

  template <typename Call>
  static Error error_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorKind::Busy, "no error");
  }
};

TEST_P(SoftwareSite, ComesAndGoesWithoutATrace) {
  const PackageComponent package;
  const FileComponent file;
  const ServiceComponent service;
  const std::string before = output("dpkg-query -W; systemctl list-unit-files; ls /etc /usr/sbin");
  Guest& guest = context_.guest();

  const Record installed = realize(package, {{"names", Value::List{"memcached"}}});
  EXPECT_FALSE(guest.unit("memcached").enabled);
  EXPECT_FALSE(guest.unit("memcached").active);
  EXPECT_FALSE(guest.find_file("/usr/sbin/policy-rc.d"));
  const Record written = realize(file, {{"path", "/etc/memcached.conf"},
                                        {"content", "-m 16\n-p 11333\n-u memcache\n-l 127.0.0.1\n"},
                                        {"owner", "root"},
                                        {"mode", "0644"}});
  const Record started =
      realize(service, {{"name", "memcached"}, {"ready", Value::Mapping{{"port", 11333}}}});
  EXPECT_TRUE(guest.unit("memcached").enabled);
  EXPECT_TRUE(guest.unit("memcached").active);

  service.remove(started, context_);
  EXPECT_FALSE(guest.listens(11333));
  file.remove(written, context_);
  EXPECT_NE(output("cat /etc/memcached.conf").find("11211"), std::string::npos);
  package.remove(installed, context_);
  EXPECT_EQ(output("dpkg-query -W; systemctl list-unit-files; ls /etc /usr/sbin"), before);
}

TEST_P(SoftwareSite, NamesAPackageThatDoesNotExist) {
  const PackageComponent package;

  const Error error = error_of([&] {
    realize(package, {{"names", Value::List{"no-such-package-x"}}});
  });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_STREQ(error.what(), "there is no package 'no-such-package-x'");
}

TEST_P(SoftwareSite, ShowsTheJournalOfAServiceThatFails) {
  const ServiceComponent service;
  const FileSpec unit{.path = "/etc/systemd/system/bad.service",
                      .content =
                          "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                          "ExecStart=/bin/sh -c 'echo it is broken; exit 3'\n"
                          "[Install]\nWantedBy=multi-user.target\n"};
  context_.guest().write_file(unit);

  const Error error = error_of([&] { realize(service, {{"name", "bad"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::Failed);
  EXPECT_NE(error.detail().find("it is broken"), std::string::npos) << error.detail();

  // A unit file that was mended is read again.
  FileSpec mended = unit;
  mended.content.replace(mended.content.find("exit 3"), 6, "exit 0");
  context_.guest().write_file(mended);
  EXPECT_NO_THROW(realize(service, {{"name", "bad"}}));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SoftwareSite, testing::Values("container"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace encamp
