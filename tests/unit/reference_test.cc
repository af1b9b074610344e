// Explanations of diagnostics, pages of components and the JSON Schema: all from what the program
// knows, and true.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <re2/re2.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "engine/bind/bind.h"
#include "engine/description/scalar_types.h"
#include "engine/graph/compile.h"
#include "src/explanations.h"
#include "src/json_schema.h"
#include "src/plugins.h"
#include "tests/support/described.h"
#include "tests/support/golden.h"
#include "tests/support/package_bytes.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

/// A whole description of the lines of an example, which leave out what they are not about.
std::string whole(const std::string& lines) {
  if (lines.starts_with("# whole file"))
    return lines;
  const std::string text = [&] {
    std::string bell = lines;
    if (const std::size_t at = bell.find("<BEL>"); at != std::string::npos)
      bell.replace(at, 5, "\x07");
    return bell;
  }();
  std::string head = "encamp: 1\nsite: lab\n";
  for (const auto& [key, value] :
       std::map<std::string, std::string>{{"images", "{debian: {debian: bookworm}}"},
                                          {"networks", "{lan: {}}"},
                                          {"nodes", "{a: {memory: 256 MiB, disk: 1 GiB}}"}}) {
    if (!text.starts_with(key + ":") && text.find("\n" + key + ":") == std::string::npos)
      head += fmt::format("{}: {}\n", key, value);
  }
  return head + text;
}

std::set<std::string> codes_of(const std::string& lines, const Registry& registry,
                               const Loader& loader) {
  ResolveOptions options;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t equals = line.find('=');
    if (line.starts_with("# --set "))
      options.settings.push_back(
          {.name = line.substr(8, equals - 8), .value = line.substr(equals + 1)});
  }
  test::Described described = test::describe("lab.yaml", whole(lines), registry, loader, options);
  if (described.site) {
    const Graph graph = compile(*described.site, registry, described.diagnostics);
    if (!described.diagnostics.has_errors())
      check_addresses(graph, described.diagnostics);
  }
  std::set<std::string> codes;
  for (const Diagnostic& diagnostic : described.diagnostics.all())
    codes.insert(diagnostic.code);
  return codes;
}

Registry all_components() {
  Registry registry;
  load_plugins({ENCAMP_COMPONENTS}, fs::read_symlink("/proc/self/exe"), registry);
  return registry;
}

std::set<std::string> codes_of(const std::string& lines) {
  static const Registry kRegistry = all_components();
  const test::MapLoader loader(
      {{"/library/defines.yaml", "encamp: 1\nprototypes: {x: {}}\n"},
       {"/library/redefines.yaml", "encamp: 1\nprototypes: {x: {}}\n"},
       {"/library/batch/slurm.yaml", "encamp: 1\n"},
       {"/site/some-file", "text"},
       {"/site/fixed_all.deb", test::package_bytes("fixed", "2")},
       {"/site/older_all.deb", test::package_bytes("fixed", "1")},
       {"/site/fixed_other.deb", test::package_bytes("fixed", "2", "m68k")}});
  return codes_of(lines, kRegistry, loader);
}

TEST(Explanations, ShowTheMistakeAndItsMending) {
  for (const Explanation& explanation : explanations()) {
    EXPECT_FALSE(explanation.story.empty()) << explanation.code;
    EXPECT_TRUE(codes_of(explanation.before).contains(explanation.code))
        << explanation.code << ":\n"
        << explanation.before;
    EXPECT_EQ(codes_of(explanation.after), std::set<std::string>()) << explanation.code;
  }
}

TEST(Explanations, AreThereForEveryCodeThatThePageLists) {
  const std::string page =
      test::text_of_file(fs::path(ENCAMP_SOURCE_DIR) / "docs" / "diagnostics.md");
  std::set<std::string> listed;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `"))
      continue;
    const std::size_t end = line.find('`', 3);
    const std::string code = line.substr(3, end - 3);
    listed.insert(code);
    const Explanation* explanation = find_explanation(code);
    ASSERT_NE(explanation, nullptr) << code;
    EXPECT_EQ(line, fmt::format("| `{}` | {} |", code, explanation->summary));
  }
  for (const Explanation& explanation : explanations())
    EXPECT_TRUE(listed.contains(explanation.code)) << explanation.code;
}

TEST(Explanations, AreThereForEveryCodeOfTheGoldenFiles) {
  for (const auto& entry : fs::directory_iterator(fs::path(ENCAMP_GOLDEN_DIR) / "diagnostics")) {
    std::istringstream lines(test::text_of_file(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      if (entry.path().extension() == ".txt" && line.starts_with("error[")) {
        const std::string code = line.substr(6, line.find(']') - 6);
        EXPECT_NE(find_explanation(code), nullptr) << code;
      }
    }
  }
}

// Codes stand in the sources as `.code = "x"` or `report("x"`.
TEST(Explanations, AreThereForEveryCodeThatTheSourcesSay) {
  static const RE2 kLine(R"re(^.*(\.code = |report\().*"[a-z]+(-[a-z]+)+".*$)re");
  static const RE2 kCode(R"re("([a-z]+(?:-[a-z]+)+)")re");
  std::set<std::string> codes;
  for (const char* folder : {"engine", "components", "src"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(ENCAMP_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cc")
        continue;
      std::istringstream lines(test::text_of_file(entry.path()));
      for (std::string line, code; std::getline(lines, line);) {
        re2::StringPiece rest(line);
        while (RE2::FullMatch(line, kLine) && RE2::FindAndConsume(&rest, kCode, &code))
          codes.insert(code);
      }
    }
  }
  EXPECT_GE(codes.size(), 50U);
  for (const std::string& code : codes)
    EXPECT_NE(find_explanation(code), nullptr) << code;
}

/// The blocks of a page that are lines of a description: they begin with a section.
std::vector<std::string> snippets(const fs::path& page) {
  static const std::set<std::string> kSections = {
      "encamp:", "parameters:", "prototypes:", "resources:", "images:",  "nodes:",
      "checks:", "include:",    "volumes:",    "tests:",     "outputs:", "networks:"};
  std::vector<std::string> blocks;
  bool is_inside = false;
  std::istringstream lines(test::text_of_file(page));
  for (std::string line; std::getline(lines, line);) {
    const bool is_code = line.starts_with("    ");
    if (is_code && !is_inside && kSections.contains(line.substr(4, line.find(' ', 4) - 4)))
      blocks.emplace_back();
    else if (is_code && !is_inside)
      continue;
    is_inside = is_code || (is_inside && line.empty());
    if (is_inside)
      blocks.back() += line.empty() ? "\n" : line.substr(4) + "\n";
  }
  return blocks;
}

std::vector<fs::path> descriptions_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml")
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

TEST(LanguagePage, ShowsOnlyWhatIsGood) {
  const std::vector<std::string> blocks =
      snippets(fs::path(ENCAMP_SOURCE_DIR) / "docs" / "language.md");
  ASSERT_GE(blocks.size(), 12U);
  const Registry registry = all_components();
  const fs::path library = fs::path(ENCAMP_SOURCE_DIR) / "descriptions";
  std::map<std::string, std::string> files{{"/site/local.yaml", "encamp: 1\n"}};
  for (const fs::path& file : descriptions_in(library))
    files["/library/" + fs::relative(file, library).string()] = test::text_of_file(file);
  const test::MapLoader loader(files);

  for (const std::string& block : blocks) {
    // What other blocks of the page define.
    std::string text = block.starts_with("encamp:") ? "# whole file\n" + block : block;
    if (text.find("\nnodes:") == std::string::npos && !text.starts_with("nodes:"))
      text += "nodes: {ui: {for_each: [alice], memory: 256 MiB, disk: 1 GiB}}\n";
    EXPECT_EQ(codes_of(text, registry, loader), std::set<std::string>()) << text;
  }
}

TEST(LanguagePage, SaysWhatExpressionsGive) {
  std::istringstream lines(
      test::text_of_file(fs::path(ENCAMP_SOURCE_DIR) / "docs" / "language.md"));
  int rows = 0;
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    is_inside = line == "| written | gives |" || (is_inside && line.starts_with('|'));
    const std::size_t middle = line.find("` | `");
    if (!is_inside || middle == std::string::npos)
      continue;
    ++rows;
    const std::string written = line.substr(3, middle - 3);
    const std::string gives = line.substr(middle + 5, line.size() - middle - 8);

    const test::Described described =
        test::describe("lab.yaml", whole(fmt::format("outputs:\n  x: '${{{{ {} }}}}'\n", written)),
                       test::typed_registry());

    ASSERT_TRUE(described.site) << described.messages();
    const Value& value = described.site->outputs.front().value;
    EXPECT_EQ(value.is_text() ? value.text() : to_display(value), gives) << written;
  }
  EXPECT_GE(rows, 30);
}

// As an editor reads it: plain scalars by YAML 1.2 core.
nlohmann::json json_of(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::Null:
      return nullptr;
    case Tree::Kind::Scalar: {
      const Value value = tree.is_plain() ? core_scalar(tree.text) : Value(tree.text);
      return nlohmann::json::parse(to_json(value));
    }
    case Tree::Kind::List: {
      nlohmann::json list = nlohmann::json::array();
      for (const Tree& item : tree.items)
        list.push_back(json_of(item));
      return list;
    }
    case Tree::Kind::Mapping:
      break;
  }
  nlohmann::json mapping = nlohmann::json::object();
  for (const Tree::Entry& entry : tree.entries)
    mapping[entry.key] = json_of(entry.value);
  return mapping;
}

/// "no YAML", "good", or the first place that the schema refuses.
std::string verdict(const fs::path& path, const Registry& registry) {
  const nlohmann::json written = nlohmann::json::parse(json_schema(registry));
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(written), schema);
  Diagnostics diagnostics;
  const std::optional<Tree> tree = read_tree(
      std::make_shared<const SourceFile>(path.filename().string(), test::text_of_file(path)),
      diagnostics);
  if (!tree || diagnostics.has_errors())
    return "not read";
  const nlohmann::json document = json_of(*tree);
  valijson::Validator validator;
  return validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), nullptr)
             ? "accepted"
             : "refused";
}

TEST(JsonSchema, AcceptsEveryExampleAndDescription) {
  const Registry registry = all_components();
  for (const char* folder : {"examples", "descriptions"}) {
    for (const fs::path& file : descriptions_in(fs::path(ENCAMP_SOURCE_DIR) / folder))
      EXPECT_EQ(verdict(file, registry), "accepted") << file;
  }
}

TEST(JsonSchema, RefusesWhatCanBeSeenWithoutResolving) {
  std::string verdicts;
  for (const fs::path& file : descriptions_in(fs::path(ENCAMP_GOLDEN_DIR) / "diagnostics"))
    verdicts +=
        fmt::format("{:9} {}\n", verdict(file, test::typed_registry()), file.stem().string());

  test::expect_golden("json_schema_verdicts.txt", verdicts);
}

TEST(JsonSchema, IsThatOfTheComponents) {
  test::expect_golden("json_schema.json", json_schema(test::typed_registry()));
}

}  // namespace
}  // namespace encamp
