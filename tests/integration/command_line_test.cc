// The program as people call it: help, exit codes, messages.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "src/sqlite_reservations.h"
#include "tests/support/golden.h"
#include "tests/support/run_program.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;

class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    std::string name = (fs::temp_directory_path() / "encamp-command-XXXXXX").native();
    folder_ = mkdtemp(name.data());
  }
  ~CommandLine() override { fs::remove_all(folder_); }

  ProgramResult encamp(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ENCAMP_PROGRAM);
    return test::run_program(arguments, {{"ENCAMP_STATE", (folder_ / "state").native()},
                                         {"XDG_CONFIG_HOME", folder_.native()}});
  }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).native();
  }

  fs::path folder_;
};

class Help : public CommandLine, public testing::WithParamInterface<const char*> {};

TEST_P(Help, HasAnExample) {
  const ProgramResult result = encamp({GetParam(), "--help"});

  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("Example"), std::string::npos);
  test::expect_golden(std::string("help_") + GetParam() + ".txt", result.out);
}

INSTANTIATE_TEST_SUITE_P(Of, Help,
                         testing::Values("check", "plan", "up", "status", "list", "output", "ssh",
                                         "test", "down", "logs", "image", "doctor", "graph", "show",
                                         "explain", "component", "schema"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_F(CommandLine, HelpOfACommandOfImages) {
  for (const std::string command : {"list", "prune", "update"}) {
    const ProgramResult result = encamp({"image", command, "--help"});

    EXPECT_EQ(result.exit, 0);
    EXPECT_NE(result.out.find("Example"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("encamp image " + command), std::string::npos) << result.out;
  }
  EXPECT_EQ(encamp({"image"}).exit, 2);
  const ProgramResult wrong = encamp({"image", "lst"});
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_NE(wrong.err.find("did you mean 'list'?"), std::string::npos) << wrong.err;
}

TEST_F(CommandLine, WaitTakesATimeBehindAnEqualsSign) {
  const std::string hosts = write("hosts.yaml", "here: {connect: [\"test:///default\"]}\n");
  const std::string site = write("big.yaml",
                                 "encamp: 1\nsite: big\nnetworks: {lan: {}}\n"
                                 "images: {debian: {debian: bookworm}}\n"
                                 "nodes: {a: {memory: 4096 GiB, disk: 1 GiB}}\n");

  const ProgramResult wrong = encamp({"up", "--wait=soon", site, "--hosts", hosts});
  const ProgramResult hopeless = encamp({"up", "--wait", site, "--hosts", hosts});

  EXPECT_EQ(wrong.exit, 2);
  EXPECT_NE(wrong.err.find("'soon' is no time"), std::string::npos) << wrong.err;
  EXPECT_EQ(hopeless.exit, 1) << "what never fits is not waited for";
  EXPECT_NE(hopeless.err.find("has no room"), std::string::npos) << hopeless.err;
}

TEST_F(CommandLine, GraphIsDrawnWithCopiesFolded) {
  const std::string site = write("copies.yaml",
                                 "encamp: 1\nsite: copies\nnetworks: {lan: {}}\n"
                                 "images: {debian: {debian: bookworm}}\n"
                                 "nodes: {w: {count: 40, memory: 64 MiB, disk: 64 MiB,\n"
                                 "  software: [{file: '/<b>', content: x}]}}\n");

  const ProgramResult folded = encamp({"graph", site, "--format", "dot"});
  const ProgramResult expanded = encamp({"graph", site, "--format", "dot", "--expand"});
  const ProgramResult svg = encamp({"graph", site, "--format", "svg"});

  EXPECT_NE(folded.out.find("\"nodes.w ×40\""), std::string::npos) << folded.out;
  EXPECT_EQ(folded.out.find("nodes.w-7"), std::string::npos);
  EXPECT_NE(expanded.out.find("\"nodes.w-7\""), std::string::npos);
  if (svg.exit == 1) {
    EXPECT_NE(svg.err.find("apt-get install graphviz"), std::string::npos) << svg.err;
    return;
  }
  EXPECT_NE(svg.out.find("<svg"), std::string::npos);
  EXPECT_NE(svg.out.find("file /&lt;b&gt;"), std::string::npos);
}

TEST_F(CommandLine, HelpListsTheCommands) {
  const ProgramResult result = encamp({"--help"});

  EXPECT_EQ(result.exit, 0);
  test::expect_golden("help.txt", result.out);
}

// What of a grid site's parameters no configuration can hold is told before anything is made.
TEST_F(CommandLine, TellsWhatIsWrongWithAGridSite) {
  const std::string site = (fs::path(ENCAMP_SOURCE_DIR) / "examples/grid-in-a-box.yaml").native();
  const std::regex place("--> [^\n]*(descriptions/|examples/)");  // Wherever it runs.
  const auto said = [&](const std::string& setting) {
    const std::string text = encamp({"check", site, "--set", setting}).err;
    return "--set " + setting + "\n" + std::regex_replace(text, place, "--> $1") + "\n";
  };

  test::expect_golden("grid_wrong.txt", said("vo=My VO") +
                                            said("users={alice: Alice, alice: Alice Tester}") +
                                            said("users={alice: Same Name, bob: Same Name}") +
                                            said("users={mallory: Mallory}"));
}

// docs/components/ is what the program says; UPDATE_GOLDEN=1 rewrites it.
TEST_F(CommandLine, ComponentPagesAreThoseOfTheSchemas) {
  const fs::path pages = fs::path(ENCAMP_SOURCE_DIR) / "docs" / "components";
  std::istringstream list(encamp({"component", "list"}).out);
  std::set<std::string> names;
  for (std::string line; std::getline(list, line);)
    names.insert(line.substr(0, line.find(' ')));
  ASSERT_TRUE(names.contains("file"));

  for (const std::string& name : names) {
    const ProgramResult page = encamp({"component", "show", name});

    EXPECT_EQ(page.exit, 0) << page.err;
    test::expect_golden((pages / (name + ".md")).native(), page.out);
  }
  for (const auto& entry : fs::directory_iterator(pages))
    EXPECT_TRUE(names.contains(entry.path().stem())) << entry.path();
}

TEST_F(CommandLine, ExplainTellsAndSuggests) {
  EXPECT_NE(encamp({"explain", "missing-unit"}).out.find("memory: 512 MiB"), std::string::npos);
  EXPECT_NE(encamp({"explain", "mising-unit"}).err.find("encamp explain missing-unit"),
            std::string::npos);
  EXPECT_NE(encamp({"explain"}).out.find("unknown-network"), std::string::npos);
}

TEST_F(CommandLine, ShowPrintsASiteThatIsShownTheSame) {
  const std::string file = write("lab.yaml",
                                 "encamp: 1\nsite: lab\nnetworks: {lan: {}}\n"
                                 "images: {debian: {debian: bookworm}}\n"
                                 "parameters: {n: {type: integer}, words: {type: list of string}}\n"
                                 "nodes:\n  a: {memory: 64 MiB, disk: 64 MiB, count: "
                                 "'${{ parameters.n }}'}\n"
                                 "outputs: {words: '${{ join(\" \", parameters.words) }}'}\n");
  const std::string parameters = write("parameters.yaml", "n: 2\nwords: [a, b]\n");

  const ProgramResult shown = encamp({"show", file, "--parameters", parameters, "--origins"});
  const ProgramResult again = encamp({"show", write("again.yaml", shown.out)});

  EXPECT_EQ(shown.exit, 0) << shown.err;
  EXPECT_NE(shown.out.find("  a-2:\n"), std::string::npos);
  EXPECT_NE(shown.out.find("words: a b  # " + file + ":8"), std::string::npos) << shown.out;
  EXPECT_EQ(again.out, encamp({"show", file, "--parameters", parameters}).out) << again.err;
}

TEST_F(CommandLine, VersionIsOneLine) {
  const ProgramResult result = encamp({"--version"});

  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out, "encamp " ENCAMP_VERSION "\n");
}

TEST_F(CommandLine, NothingGivenIsWrong) {
  const ProgramResult result = encamp({});

  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.err.find("Usage"), std::string::npos);
}

TEST_F(CommandLine, UnknownCommandHasAHint) {
  const ProgramResult result = encamp({"stauts"});

  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err, "error: there is no command 'stauts'\n  next: did you mean 'status'?\n");
}

TEST_F(CommandLine, UnknownOptionHasAHint) {
  const ProgramResult result = encamp({"up", "site.yaml", "--paralel", "3"});

  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err,
            "error: 'encamp up' takes no option '--paralel'\n"
            "  next: did you mean '--parallel'?\n");
}

TEST_F(CommandLine, MissingArgumentIsNamed) {
  const ProgramResult result = encamp({"up"});

  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err, "error: file is required\n  next: encamp up --help\n");
}

TEST_F(CommandLine, TooManyArgumentsAreWrong) {
  EXPECT_EQ(encamp({"check", "a.yaml", "b.yaml"}).exit, 2);
}

TEST_F(CommandLine, MissingFileIsSaid) {
  const ProgramResult result = encamp({"check", (folder_ / "none.yaml").native()});

  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.err.find("No such file or directory"), std::string::npos);
}

TEST_F(CommandLine, CheckReportsAllMistakesAtOnce) {
  const std::string file = write("bad.yaml",
                                 "encamp: 1\n"
                                 "site: bad\n"
                                 "networks: {lan: {}}\n"
                                 "images: {debian: {debian: bookworm}}\n"
                                 "nodes:\n"
                                 "  one: {memory: 256, disk: 4 GiB}\n"
                                 "  two: {memory: 256 MiB, disk: 4 GiB, netwroks: [lan]}\n");

  const ProgramResult text = encamp({"check", file});
  const ProgramResult json = encamp({"check", file, "--json"});

  EXPECT_EQ(text.exit, 2);
  EXPECT_NE(text.err.find("bad.yaml:6:"), std::string::npos) << text.err;
  EXPECT_NE(text.err.find("bad.yaml:7:"), std::string::npos) << text.err;
  EXPECT_NE(text.err.find("did you mean 'networks'?"), std::string::npos) << text.err;
  EXPECT_NE(text.err.find("2 errors; nothing was changed"), std::string::npos) << text.err;
  EXPECT_EQ(json.exit, 2);
  EXPECT_EQ(std::ranges::count(json.out, '\n'), 2) << json.out;
  EXPECT_FALSE(fs::exists(folder_ / "state"));
}

TEST_F(CommandLine, CheckIsContentWithTheExamples) {
  for (const auto& entry : fs::directory_iterator(fs::path(ENCAMP_SOURCE_DIR) / "examples")) {
    if (entry.path().extension() != ".yaml")
      continue;
    const ProgramResult result = encamp({"check", entry.path().native()});
    EXPECT_EQ(result.exit, 0) << entry.path() << "\n" << result.err;
  }
}

TEST_F(CommandLine, StateMayStandBeforeTheCommand) {
  const std::string elsewhere = (folder_ / "elsewhere").native();

  const ProgramResult result = encamp({"--state", elsewhere, "list"});

  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(encamp({"--state", elsewhere, "down", "none"}).err,
            "error: there is no deployment 'none', nor any other\n  next: encamp list\n");
}

TEST_F(CommandLine, OtherOptionsStandBehindTheCommand) {
  const ProgramResult result = encamp({"--yes", "up", "site.yaml"});

  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err,
            "error: 'encamp up' takes no option '--yes' before it\n"
            "  next: encamp up ... --yes\n");
}

TEST_F(CommandLine, CheckRefusesTheNameOfTheImagePool) {
  const ProgramResult result = encamp({"check", write("images.yaml", "encamp: 1\nsite: images\n")});

  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.err.find("images.yaml:2:7"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("'images' cannot be the name of a deployment"), std::string::npos);
}

// A process that died between reserving and its first commit leaves a row, and perhaps a folder.
TEST_F(CommandLine, UpTakesAwayReservationsThatNobodyComesBackTo) {
  const std::string hosts = write("hosts.yaml", "here: {connect: [\"test:///default\"]}\n");
  const std::string site = write("big.yaml",
                                 "encamp: 1\nsite: big\nnetworks: {lan: {}}\n"
                                 "images: {debian: {debian: bookworm}}\n"
                                 "nodes: {a: {memory: 4096 GiB, disk: 1 GiB}}\n");
  const auto reservations = open_reservations(folder_ / "state/hosts.db");
  reservations->put({"1", "gone", "here", {"10.64.0.0/24"}, Bytes::gibi(1), {}});
  reservations->put({"2", "big", "here", {"10.64.1.0/24"}, Bytes::gibi(1), {}});

  const ProgramResult result = encamp({"up", site, "--hosts", hosts});

  EXPECT_EQ(result.exit, 1);
  EXPECT_NE(result.err.find("has no room"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("next: give the nodes less memory"), std::string::npos) << result.err;
  EXPECT_TRUE(reservations->list().empty());
}

}  // namespace
}  // namespace encamp
