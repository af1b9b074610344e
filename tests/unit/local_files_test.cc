#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/description/resolve.h"
#include "engine/error.h"
#include "src/local_hosts.h"
#include "src/local_loader.h"
#include "src/local_report.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

class LocalFiles : public testing::Test {
 protected:
  LocalFiles() {
    std::string name = (fs::temp_directory_path() / "encamp-files-XXXXXX").native();
    folder_ = fs::canonical(mkdtemp(name.data()));
  }
  ~LocalFiles() override { fs::remove_all(folder_); }

  std::string write(const fs::path& path, const std::string& text) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
    return (folder_ / path).native();
  }

  fs::path folder_;
};

TEST_F(LocalFiles, LoaderFindsFilesBesideTheDescription) {
  const std::string site = write("site/site.yaml", "");
  const std::string page = write("site/web/page.html", "hello");
  const LocalLoader loader(site, folder_ / "library");

  EXPECT_EQ(loader.locate("./web/page.html", site), page);
  EXPECT_EQ(loader.load(page), "hello");
  EXPECT_THROW(loader.locate("none", site), Error);
}

TEST_F(LocalFiles, LoaderReadsWhatIsAllowedBesides) {
  const std::string site = write("site/site.yaml", "");
  const std::string other = write("other/file", "x");
  fs::create_symlink(other, folder_ / "site/link");

  EXPECT_THROW(LocalLoader(site, {}).locate("../other/file", site), Error);
  const LocalLoader loader(site, {}, {(folder_ / "other").native()});

  EXPECT_EQ(loader.locate("../other/file", site), other);
  EXPECT_EQ(loader.locate("./link", site), other);
  EXPECT_THROW(loader.locate("../secret", site), Error);
}

TEST_F(LocalFiles, LoaderSuggestsDescriptionsOfTheLibrary) {
  const std::string site = write("site/site.yaml", "");
  write("library/batch/slurm.yaml", "");
  const LocalLoader loader(site, folder_ / "library");

  const auto hint = [&](const std::string& name) {
    try {
      loader.locate_description(name, site);
    } catch (const Error& error) {
      return error.hint();
    }
    return std::string();
  };

  EXPECT_EQ(hint("batch/slrm"), "did you mean 'batch/slurm'?");
  EXPECT_EQ(hint("mine"), "a file beside this one is included as './mine.yaml'");
  EXPECT_EQ(hint("/etc/mine"), "the path of a file begins with './'");
}

TEST_F(LocalFiles, LoaderReadsATree) {
  const std::string site = write("site/site.yaml", "");
  write("site/tree/conf.d/a", "a");
  fs::permissions(write("site/tree/run", "#!"), fs::perms::owner_all);
  write("site/other/b", "b");
  fs::create_symlink("conf.d/a", folder_ / "site/tree/current");
  fs::create_symlink("../other", folder_ / "site/tree/followed");
  const LocalLoader loader(site, folder_ / "library");
  using Kind = FileInTree::Kind;

  EXPECT_EQ(loader.load_tree(loader.locate("./tree", site)),
            (FileTree{{"conf.d", Kind::Directory, ""},
                      {"conf.d/a", Kind::File, "a"},
                      {"current", Kind::Link, "conf.d/a"},
                      {"followed", Kind::Directory, ""},
                      {"followed/b", Kind::File, "b"},
                      {"run", Kind::Executable, "#!"}}));
}

TEST_F(LocalFiles, LoaderRefusesATreeThatIsTooMuchOrLeadsOutside) {
  const std::string site = write("site/site.yaml", "");
  write("secret", "x");
  write("site/out/in/file", "");
  fs::create_symlink("../../../secret", folder_ / "site/out/in/link");
  write("site/loop/file", "");
  fs::create_symlink(folder_ / "site/loop", folder_ / "site/loop/again");
  write("site/large/one", std::string(LocalLoader::kLimit, 'x'));
  write("site/large/two", "x");
  const LocalLoader loader(site, folder_ / "library");
  const auto kind_of = [&](const std::string& name) {
    try {
      loader.load_tree(loader.locate(name, site));
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::Interrupted;
  };

  EXPECT_EQ(kind_of("./out"), ErrorKind::Denied);
  EXPECT_EQ(kind_of("./loop"), ErrorKind::NoRoom);
  EXPECT_EQ(kind_of("./large"), ErrorKind::NoRoom);
  EXPECT_EQ(kind_of("./loop/file"), ErrorKind::NotFound);
}

TEST_F(LocalFiles, LoaderStaysBelowTheDescription) {
  const std::string site = write("site/site.yaml", "");
  write("secret", "x");
  write("site-2/secret", "x");
  fs::create_symlink(folder_ / "secret", folder_ / "site/link");
  const LocalLoader loader(site, folder_ / "library");

  for (const char* path : {"../secret", "./link", "/etc/passwd", "../site-2/secret"}) {
    try {
      loader.locate(path, site);
      ADD_FAILURE() << path << " was found";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Denied) << path;
    }
  }
}

TEST_F(LocalFiles, LoaderReadsWhatTheUserNamesFromAnywhere) {
  const std::string site = write("site/site.yaml", "");
  const std::string patch = write("dist/patch.deb", "x");
  const LocalLoader loader(site, folder_ / "library");
  EXPECT_THROW(loader.locate(patch, site), Error);

  EXPECT_EQ(loader.locate(patch, Setting::kOption), patch);

  EXPECT_EQ(loader.locate(patch, site), patch);  // The parameter's value, where it is used.
  EXPECT_THROW(loader.locate("../dist", site), Error);
}

TEST_F(LocalFiles, LoaderTakesNoFileForASetting) {
  const std::string site = write("site.yaml", "");
  write(Setting::kOption, "");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const LocalLoader loader(site, folder_ / "library");

  EXPECT_EQ(loader.locate_description("./--set", site).shown, (folder_ / "--set").native());

  fs::current_path(before);
}

TEST_F(LocalFiles, LoaderReadsTheLibraryFromAnywhere) {
  const std::string site = write("site/site.yaml", "");
  const std::string slurm = write("library/batch/slurm.yaml", "x");
  const LocalLoader loader(site, folder_ / "library");

  EXPECT_EQ(loader.locate(slurm, site), slurm);
}

TEST_F(LocalFiles, ReadTextRefusesWhatIsTooLong) {
  const std::string file = write("long", "12345");

  EXPECT_EQ(read_text(file, 5), "12345");
  EXPECT_THROW(read_text(file, 4), Error);
  EXPECT_THROW(read_text(folder_, 100), Error);
}

TEST_F(LocalFiles, ReportMakesItsFolderWhenItIsNeeded) {
  FolderReport report(folder_ / "evidence/hello");
  EXPECT_FALSE(report.is_used());
  EXPECT_FALSE(fs::exists(report.folder()));

  report.keep("tests.page/output", "first");
  report.keep("tests.page/output", "hello");

  EXPECT_TRUE(report.is_used());
  EXPECT_EQ(read_text(folder_ / "evidence/hello/tests.page/output", 100), "hello");
  EXPECT_EQ(report.problem(), "");
}

TEST_F(LocalFiles, ReportNeverThrows) {
  write("file", "");
  FolderReport report(folder_ / "file");

  report.keep("a", "b");

  EXPECT_FALSE(report.is_used());
  EXPECT_NE(report.problem(), "");
}

TEST(SafePath, StaysInItsFolder) {
  EXPECT_EQ(safe_path("tests.page/web/../../etc/x"), "tests.page/web/_./_./etc/x");
  EXPECT_EQ(safe_path("/.ssh/id"), "_ssh/id");
  EXPECT_EQ(safe_path("nodes.a.software['file /etc/x']"), "nodes.a.software__file_/etc/x__");
  EXPECT_EQ(safe_path(""), "_");
}

std::string render_all(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all())
    out += render(diagnostic);
  return out;
}

HostsFile read(const std::string& text, Diagnostics& diagnostics) {
  return read_hosts(std::make_shared<const SourceFile>("hosts.yaml", text), diagnostics);
}

TEST(HostsYaml, SaysHowToReachHostsAndWhatTheyGrant) {
  Diagnostics diagnostics;

  const HostsFile file = read(
      "here: {connect: [lxc:///system, qemu:///system], memory: 16 GiB, storage: /srv/encamp}\n"
      "far: {connect: qemu+ssh://root@far/system, disk: 100 GiB}\n"
      "overcommit: {memory: 2, disk: 20}\n",
      diagnostics);

  EXPECT_EQ(render_all(diagnostics), "");
  ASSERT_EQ(file.hosts.size(), 2U);
  EXPECT_EQ(file.hosts[0].name, "here");
  EXPECT_EQ(file.hosts[0].connect, (std::vector<std::string>{"lxc:///system", "qemu:///system"}));
  EXPECT_EQ(file.hosts[0].memory, Bytes::gibi(16));
  EXPECT_EQ(file.hosts[0].storage, "/srv/encamp");
  EXPECT_EQ(file.hosts[1].connect, std::vector<std::string>{"qemu+ssh://root@far/system"});
  EXPECT_EQ(file.hosts[1].disk, Bytes::gibi(100));
  EXPECT_EQ(file.overcommit.memory, 2);
  EXPECT_EQ(file.overcommit.disk, 20);
}

TEST(HostsYaml, ReportsAllMistakes) {
  Diagnostics diagnostics;

  read(
      "here: {conect: lxc:///system, memory: 16}\nfar: no\novercommit: {memory: 0}\n"
      "there: {connect: ['qemu+ssh://there/system?command=rm', 'http://there']}\n",
      diagnostics);

  const std::string text = render_all(diagnostics);
  EXPECT_NE(text.find("did you mean 'connect'?"), std::string::npos) << text;
  EXPECT_NE(text.find("'memory' is a size"), std::string::npos) << text;
  EXPECT_NE(text.find("host 'far' is text, not a mapping"), std::string::npos) << text;
  EXPECT_NE(text.find("a number from 1 to 1000"), std::string::npos) << text;
  EXPECT_NE(text.find("parameter 'command' is refused"), std::string::npos) << text;
  EXPECT_NE(text.find("hosts.yaml:4:57"), std::string::npos) << text;
}

TEST(HostsYaml, WithoutItThereIsThisMachine) {
  const HostsFile file = this_machine();

  ASSERT_EQ(file.hosts.size(), 1U);
  EXPECT_EQ(file.hosts[0].name, "here");
}

}  // namespace
}  // namespace encamp
