// The rows of tests/support/host_contract.h on the libvirtd of this machine, with containers. Needs
// root; takes away what it made, also when it fails.
#include <array>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "src/libvirt_host.h"
#include "src/local_file.h"
#include "tests/support/host_contract.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;
using test::HostBench;
using test::HostRow;

class FileBytes : public Content {
 public:
  explicit FileBytes(const fs::path& file) : bytes_(read_whole_file(file)) {}
  Bytes size() const override { return {static_cast<std::int64_t>(bytes_.size())}; }
  std::optional<Extent> next() override {
    constexpr std::size_t kPiece = 1 << 20;
    const std::size_t at = position_;
    position_ += kPiece;
    if (at >= bytes_.size())
      return std::nullopt;
    return Extent{.offset = static_cast<std::int64_t>(at),
                  .data = std::string_view(bytes_).substr(at, kPiece)};
  }

 private:
  std::string bytes_;
  std::size_t position_ = 0;
};

class HostContractSite : public testing::TestWithParam<HostRow> {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "needs root";
  }
  void TearDown() override {
    EXPECT_EQ(bench_.clear(), std::vector<std::string>{});
    fs::remove_all(scratch_);
  }

  // The image has nothing in it but places to mount on, the disk nothing but an init.
  void make_disks(const VolumeId& image, const VolumeId& disk) {
    for (const char* directory : {"dev", "proc", "sys", "mnt", "tmp", ".oldroot"})
      fs::create_directories(scratch_ / "image" / directory);
    fs::create_directories(scratch_ / "disk");
    fs::copy_file(ENCAMP_TINY_INIT, scratch_ / "disk" / "init");
    const std::array<std::pair<const char*, VolumeId>, 2> volumes{
        {{"image", image}, {"disk", disk}}};
    for (const auto& [name, id] : volumes) {
      const fs::path tree = scratch_ / name;
      const std::string file = tree.native() + ".raw";
      ASSERT_EQ(std::system(
                    fmt::format("mke2fs -q -q -t ext4 -d {} {} 4M >/dev/null", tree.native(), file)
                        .c_str()),
                0);
      FileBytes bytes(file);
      host_.create_volume(id, bytes);
    }
  }

  LibvirtHost host_{HostSettings{}};
  fs::path scratch_ = fs::temp_directory_path() / fmt::format("encamp-contract-{}", getpid());
  HostBench bench_{
      host_, fmt::format("encamp.contract-{}", getpid()), fmt::format("10.212.{}", getpid() % 250),
      Isolation::Container,
      [this](const VolumeId& image, const VolumeId& disk) { make_disks(image, disk); }};
};

TEST_P(HostContractSite, Holds) {
  EXPECT_EQ(GetParam().run(bench_), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(Rows, HostContractSite, testing::ValuesIn(test::host_contract()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace encamp
