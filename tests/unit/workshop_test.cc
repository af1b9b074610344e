#include <algorithm>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/local_content.h"
#include "src/local_file.h"
#include "src/local_process.h"
#include "src/workshop_base.h"
#include "src/workshop_cpio.h"
#include "src/workshop_file.h"
#include "src/workshop_lock.h"
#include "src/workshop_modules.h"
#include "src/workshop_sources.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Directory {
 public:
  Directory() {
    std::string name = "/tmp/encamp-workshop-test-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string read_all(Content& content) {
  std::string all(static_cast<std::size_t>(content.size().count), '\0');
  while (const std::optional<Extent> extent = content.next())
    all.replace(static_cast<std::size_t>(extent->offset), extent->data.size(), extent->data);
  return all;
}

TEST(FileContent, SkipsHolesAndKeepsAllData) {
  const Directory directory;
  const std::filesystem::path path = directory.path / "sparse";
  Descriptor file = open_file(path, O_RDWR | O_CREAT);
  const std::string data(3 << 20, 'x');  // three pieces
  constexpr off_t kAt = 16 << 20;
  ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), kAt), ssize_t{3 << 20});
  ASSERT_EQ(ftruncate(file.get(), 64 << 20), 0);
  unlink(path.c_str());

  const std::unique_ptr<Content> content = make_file_content(std::move(file));
  EXPECT_EQ(content->size(), Bytes::mebi(64));
  std::int64_t sent = 0;
  std::int64_t expected = kAt;
  while (const std::optional<Extent> extent = content->next()) {
    EXPECT_EQ(extent->offset, expected);
    EXPECT_LE(extent->data.size(), std::size_t{1 << 20});
    EXPECT_EQ(extent->data.find_first_not_of('x'), std::string_view::npos);
    expected += static_cast<std::int64_t>(extent->data.size());
    sent += static_cast<std::int64_t>(extent->data.size());
  }
  EXPECT_EQ(sent, 3 << 20);
}

TEST(FileContent, OfAHoleAloneHasNoPieces) {
  const Directory directory;
  Descriptor file = open_file(directory.path / "hole", O_RDWR | O_CREAT);
  ASSERT_EQ(ftruncate(file.get(), 1 << 20), 0);

  const std::unique_ptr<Content> content = make_file_content(std::move(file));

  EXPECT_FALSE(content->next().has_value());
  EXPECT_FALSE(content->next().has_value());
}

TEST(TextContent, ComesInPiecesOfOneMebibyte) {
  const std::string text = std::string(1 << 20, 'a') + "tail";

  EXPECT_EQ(read_all(*make_text_content(text)), text);
  const std::unique_ptr<Content> content = make_text_content(text);
  content->next();
  EXPECT_EQ(content->next()->data, "tail");
}

TEST(Cpio, IsReadByCpioItself) {
  const Directory directory;
  Cpio archive;
  archive.add_directory("dev");
  archive.add_character_device("dev/console", 5, 1);
  archive.add_file("init", "#!/bin/sh\n", 0755);
  archive.add_file("odd", "12345");
  write_whole_file(directory.path / "archive", archive.finish());

  const ToolResult listed = run_tool(
      {.arguments = {"cpio", "-itv", "--quiet", "-F", (directory.path / "archive").string()},
       .environment = {{"TZ", "UTC"}, {"LC_ALL", "C"}}});

  if (listed.exit == 127)
    GTEST_SKIP() << "cpio is not installed";
  EXPECT_EQ(listed.exit, 0) << listed.output;
  EXPECT_EQ(listed.output,
            "drwxr-xr-x   2 root     root            0 Jan  1  1970 dev\n"
            "crw-------   1 root     root       5,   1 Jan  1  1970 dev/console\n"
            "-rwxr-xr-x   1 root     root           10 Jan  1  1970 init\n"
            "-rw-r--r--   1 root     root            5 Jan  1  1970 odd\n");
}

TEST(Cpio, PadsEveryPartToFourBytes) {
  Cpio archive;
  archive.add_file("a", "12345");

  const std::string bytes = archive.finish();

  EXPECT_EQ(bytes.size() % 4, 0U);
  EXPECT_EQ(bytes.substr(0, 6), "070701");
  EXPECT_EQ(bytes.substr(110, 2), std::string("a\0", 2));  // header, name, its end
  EXPECT_EQ(bytes.substr(112, 8), std::string("12345\0\0\0", 8));
  EXPECT_NE(bytes.find("TRAILER!!!"), std::string::npos);
}

std::string module_text(const std::string& depends) {
  return std::string(
             "\x7f"
             "ELF..license=GPL\0depends=",
             4 + 13 + 9) +
         depends + std::string("\0name=x\0", 8);
}

TEST(Modules, ComeAfterWhatTheyNeed) {
  const std::map<std::string, std::string> files{{"virtio_net", module_text("net-failover,virtio")},
                                                 {"net_failover", module_text("failover")},
                                                 {"failover", module_text("")},
                                                 {"virtio", module_text("")}};
  const auto read = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = files.find(name);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };

  const std::vector<KernelModule> modules = order_modules({"virtio_net", "ext4", "virtio"}, read);

  std::vector<std::string> names;
  for (const KernelModule& module : modules)
    names.push_back(module.name);
  EXPECT_EQ(names, (std::vector<std::string>{"failover", "net_failover", "virtio", "virtio_net"}));
}

TEST(Sources, AreReadFromBothForms) {
  const std::vector<AptSource> lines = parse_source_lines(
      "# deb http://off.example/debian bookworm main\n"
      "deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main contrib # why\n"
      "deb-src http://a.example/debian bookworm main\n");
  const std::vector<AptSource> stanzas = parse_source_stanzas(
      "Types: deb deb-src\nURIs: http://a.example/debian\nSuites: bookworm\n  bookworm-updates\n"
      "Components: main\nSigned-By: /k.gpg\n\n"
      "Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n");

  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(to_line(lines[0]),
            "deb [signed-by=/k.gpg] http://a.example/debian bookworm main contrib");
  ASSERT_EQ(stanzas.size(), 2U);
  EXPECT_EQ(to_line(stanzas[1]),
            "deb [signed-by=/k.gpg] http://a.example/debian bookworm-updates main");
}

TEST(Sources, OfAReleaseAreThisMachinesOrTheMirror) {
  const AptSource main{"http://a.example/debian", "bookworm", {"main"}, ""};
  const AptSource security{"http://s.example/security", "bookworm-security", {"main"}, ""};
  const AptSource other{"http://tool.example/apt", "bookworm", {"stable"}, ""};
  const std::vector<AptSource> known{main, security, other};

  EXPECT_EQ(sources_for("bookworm", "", known, "bookworm"), (std::vector{main, security}));
  const std::vector<AptSource> trixie = sources_for("trixie", "", known, "bookworm");
  ASSERT_EQ(trixie.size(), 2U);
  EXPECT_EQ(trixie[1].suite, "trixie-security");
  EXPECT_EQ(to_line(sources_for("sid", "http://m.example", known, "bookworm").at(0)),
            "deb http://m.example sid main");
  EXPECT_TRUE(sources_for("trixie", "", {}, "bookworm").empty());
}

TEST(Process, TellsOutputLinesAndExit) {
  std::vector<std::string> lines;

  const ToolResult result =
      run_tool({.arguments = {"sh", "-c", "echo \"$GREETING\"; echo two >&2; printf rest; exit 3"},
                .environment = {{"GREETING", "one"}},
                .on_line = [&](const std::string& line) { lines.push_back(line); }});

  EXPECT_EQ(result.exit, 3);
  EXPECT_EQ(result.output, "one\ntwo\nrest");
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(run_tool({.arguments = {"/no/such/program"}}).exit, 127);
}

TEST(Process, DiesWithItsChildrenWhenTimeIsOver) {
  const auto begin = std::chrono::steady_clock::now();

  const ToolResult result =
      run_tool({.arguments = {"sh", "-c", "sleep 60 & sleep 60"}, .timeout = milliseconds(100)});

  EXPECT_TRUE(result.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(10));
}

TEST(BuildDirectory, OfTheDeadIsSweptAndOfTheLivingIsNot) {
  const Directory directory;
  const BuildDirectory living(directory.path);
  write_whole_file(living.path() / "half", "x");
  make_directories(directory.path / "1-1");  // as a killed process leaves it
  write_whole_file(directory.path / "1-1.lock", "");

  BuildDirectory::sweep(directory.path);

  EXPECT_TRUE(std::filesystem::exists(living.path() / "half"));
  EXPECT_FALSE(std::filesystem::exists(directory.path / "1-1"));
  EXPECT_FALSE(std::filesystem::exists(directory.path / "1-1.lock"));
}

TEST(FileLock, IsHeldByOneAtATime) {
  const Directory directory;
  std::optional<FileLock> first = FileLock::try_take(directory.path / "lock");

  EXPECT_FALSE(FileLock::try_take(directory.path / "lock").has_value());
  first.reset();
  EXPECT_TRUE(FileLock::try_take(directory.path / "lock").has_value());
}

void put(std::string& bytes, std::size_t at, std::string_view text) {
  bytes.replace(at, text.size(), text);
}

std::string little(std::uint64_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i)
    bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

// Of a table of partitions: flag and place of no use, the type, first sector and count.
std::string record_entry(int type, std::uint64_t first, std::uint64_t count) {
  return std::string(4, '\0') + static_cast<char>(type) + std::string(3, '\0') + little(first, 4) +
         little(count, 4);
}

std::vector<Partition> partitions_in(const std::string& disk) {
  const Directory directory;
  write_whole_file(directory.path / "disk", disk);
  return partitions_of(directory.path / "disk");
}

TEST(Partitions, OfAMasterBootRecordAreTheLargestFirst) {
  std::string disk(512 * 60, '\0');
  put(disk, 446, record_entry(0x83, 8, 10));
  put(disk, 462, record_entry(0x05, 40, 20));
  put(disk, 510, "\x55\xaa");
  put(disk, 40 * 512 + 446, record_entry(0x83, 2, 15));
  put(disk, 40 * 512 + 462, record_entry(0x05, 10, 5));
  put(disk, 40 * 512 + 510, "\x55\xaa");
  put(disk, 50 * 512 + 446, record_entry(0x83, 1, 4));
  put(disk, 50 * 512 + 510, "\x55\xaa");

  EXPECT_EQ(
      partitions_in(disk),
      (std::vector<Partition>{{42 * 512, 15 * 512}, {8 * 512, 10 * 512}, {51 * 512, 4 * 512}}));
}

TEST(Partitions, OfAGuidTableAreRead) {
  std::string disk(512 * 40, '\0');
  put(disk, 446, record_entry(0xee, 1, 39));
  put(disk, 510, "\x55\xaa");
  put(disk, 512, "EFI PART");
  put(disk, 512 + 72, little(2, 8) + little(128, 4) + little(128, 4));
  put(disk, 1024 + 32, little(34, 8) + little(35, 8));
  put(disk, 1152 + 32, little(36, 8) + little(39, 8));

  EXPECT_EQ(partitions_in(disk),
            (std::vector<Partition>{{36 * 512, 4 * 512}, {34 * 512, 2 * 512}}));
}

TEST(Partitions, OfNoTableOrABrokenOneAreNone) {
  std::string endless(512 * 4, '\0');  // A chain that leads to itself.
  put(endless, 446, record_entry(0x05, 1, 2));
  put(endless, 510, "\x55\xaa");
  put(endless, 512 + 462, record_entry(0x05, 0, 2));
  put(endless, 512 + 510, "\x55\xaa");

  EXPECT_TRUE(partitions_in("").empty());
  EXPECT_TRUE(partitions_in(std::string(4096, 'x')).empty());
  EXPECT_TRUE(partitions_in(endless).empty());
}

TEST(ImageFile, IsKnownByItsFirstBytes) {
  const Directory directory;
  const auto kind_of = [&](std::string head) {
    head.resize(512);
    write_whole_file(directory.path / "image", head);
    return kind_of_image(directory.path / "image");
  };
  const std::string tar = std::string(257, 'x') + "ustar";
  const std::string disk =
      std::string("QFI\xfb") + std::string("\0\0\0\3", 4) + std::string(88, '\0');
  std::string large = disk;
  large[26] = '\x7f';
  std::string backed = disk;
  backed[15] = 'h';
  std::string split = disk;
  split[79] = 4;

  EXPECT_EQ(kind_of(tar), ImageFile::Tar);
  EXPECT_EQ(kind_of("\x1f\x8b"), ImageFile::Tar);
  EXPECT_EQ(kind_of("\x28\xb5\x2f\xfd"), ImageFile::Tar);
  EXPECT_EQ(kind_of(disk), ImageFile::Qcow2);
  EXPECT_EQ(kind_of(""), ImageFile::Raw);
  for (const std::string& refused : {large, backed, split})
    EXPECT_THROW(kind_of(refused), Error);
}

TEST(ImageFile, IsReadAgainWhenItWasWrittenSince) {
  const Directory directory;
  const std::filesystem::path file = directory.path / "root.tar";
  const std::filesystem::path note = directory.path / "checked";
  write_whole_file(file, "one");
  const ImageRecipe recipe{.file = file, .sha256 = sha256_hex("one")};
  int readings = 0;
  const auto check = [&] {
    check_image_file(recipe, note, [&](const std::string&) { ++readings; });
  };

  check();
  check();
  EXPECT_EQ(readings, 1);
  write_whole_file(file, "other");
  try {
    check();
    FAIL() << "taken";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(sha256_hex("one")), std::string::npos) << text;
    EXPECT_NE(text.find(sha256_hex("other")), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace encamp
