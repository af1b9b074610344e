// What the doctor says of this machine, whose libvirtd runs; it changes nothing.
#include "src/local_doctor.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/local_libvirtd.h"

namespace encamp::local {
namespace {

using State = Finding::State;

const std::string kNowhere = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";

std::vector<Finding> of(const std::vector<Finding>& findings, const std::string& what) {
  std::vector<Finding> found;
  std::ranges::copy_if(findings, std::back_inserter(found),
                       [&](const Finding& finding) { return finding.what.starts_with(what); });
  return found;
}

TEST(Doctor, FindsThatLibvirtdAnswersAndNamesARemedyForWhatIsMissing) {
  const std::vector<Finding> findings = examine({});

  const std::vector<Finding> libvirtd = of(findings, "libvirtd");
  ASSERT_EQ(libvirtd.size(), 2U);
  for (const Finding& finding : libvirtd)
    EXPECT_EQ(finding.state, State::Ok) << finding.found;
  for (const Finding& finding : findings)
    EXPECT_TRUE(finding.state != State::Missing || !finding.remedy.empty()) << finding.what;
}

TEST(Doctor, SaysHowToStartALibvirtdThatDoesNotAnswer) {
  const std::vector<Finding> libvirtd = of(examine({.connect = {kNowhere}}), "libvirtd");

  ASSERT_EQ(libvirtd.size(), 1U);
  EXPECT_EQ(libvirtd[0].state, State::Missing);
  EXPECT_EQ(libvirtd[0].remedy, "encamp doctor --start");
}

TEST(Doctor, FindsADirectoryThatQemusUserCannotPass) {
  const std::string directory = testing::TempDir() + "encamp-closed";
  ASSERT_EQ(std::system(("mkdir -p -m 700 " + directory).c_str()), 0);

  const std::vector<Finding> storage = of(examine({.storage = directory + "/storage"}), "storage");

  EXPECT_EQ(std::ranges::count(storage, "chmod o+x " + directory, &Finding::remedy), 1);
  ASSERT_EQ(std::system(("rmdir " + directory).c_str()), 0);
}

TEST(StartLibvirtd, DoesNothingWhereOneAnswers) {
  EXPECT_EQ(start_libvirtd({}, "/nonexistent/encamp-libvirtd"), "libvirtd answers");
}

TEST(StartLibvirtd, LeavesOneAloneThatRunsAndDoesNotAnswer) {
  ASSERT_NE(libvirtd_pid(), 0);

  try {
    start_libvirtd({.connect = {kNowhere}}, "/nonexistent/encamp-libvirtd");
    FAIL() << "it started another";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict) << error.what();
    EXPECT_NE(error.hint().find("libvirtd"), std::string::npos);
  }
}

}  // namespace
}  // namespace encamp::local
