// The rows of tests/support/host_contract.h against the fake and libvirt's test driver.
#include "tests/support/host_contract.h"

#include <gtest/gtest.h>

#include "src/libvirt_host.h"
#include "tests/support/fake_host.h"

namespace encamp {
namespace {

using test::HostBench;
using test::HostRow;

class Nothing : public Content {
 public:
  Bytes size() const override { return {0}; }
  std::optional<Extent> next() override { return std::nullopt; }
};

class HostContract : public testing::TestWithParam<HostRow> {
 protected:
  static std::string run(Host& host, Isolation isolation) {
    const auto empty = [&](const VolumeId& image, const VolumeId& disk) {
      Nothing nothing;
      host.create_volume(image, nothing);
      host.create_volume(disk, nothing);
    };
    HostBench bench{host, "encamp.contract", "10.9.8", isolation, empty};
    const std::string outcome = GetParam().run(bench);
    EXPECT_EQ(bench.clear(), std::vector<std::string>{});
    return outcome;
  }
};

TEST_P(HostContract, HoldsForTheFake) {
  test::Faults faults;
  test::FakeHost host("here", faults);

  EXPECT_EQ(run(host, Isolation::Container), GetParam().outcome);
}

/// The rows that libvirt's test driver can do.
class TestDriverContract : public HostContract {
 public:
  static std::vector<HostRow> rows() {
    std::vector<HostRow> rows = test::host_contract();
    std::erase_if(rows, [](const auto& row) { return !row.not_in_test_driver.empty(); });
    return rows;
  }
};

TEST_P(TestDriverContract, Holds) {
  LibvirtHost host({.name = "test", .connect = {"test:///default"}, .storage = "/s"});

  EXPECT_EQ(run(host, Isolation::Machine), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(Rows, HostContract, testing::ValuesIn(test::host_contract()),
                         [](const auto& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Rows, TestDriverContract, testing::ValuesIn(TestDriverContract::rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace encamp
