#include "src/workshop_modules.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_file.h"
#include "src/local_process.h"

namespace encamp {
namespace {

// A name is written with `-` in file names and `_` elsewhere.
std::string plain_name(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

class Order {
 public:
  explicit Order(const std::function<std::optional<std::string>(const std::string& name)>& read)
      : read_(read) {}

  void add(const std::string& name) {
    if (!seen_.insert(name).second)
      return;
    std::optional<std::string> content = read_(name);
    if (!content)
      return;
    for (const std::string& need : module_needs(*content))
      add(need);
    modules_.push_back({name, std::move(*content)});
  }

  std::vector<KernelModule> take() { return std::move(modules_); }

 private:
  const std::function<std::optional<std::string>(const std::string& name)>& read_;
  std::set<std::string> seen_;
  std::vector<KernelModule> modules_;
};

std::string unpacked(const std::filesystem::path& path) {
  if (path.extension() != ".xz")
    return read_whole_file(path);
  const std::filesystem::path plain = path.parent_path() / path.stem();
  const ToolResult result = run_tool({.arguments = {"xz", "-dkf", path.string()}});
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("cannot unpack '{}'", path.string()))
        .with_detail(last_lines(result.output, 5));
  std::string content = read_whole_file(plain);
  std::filesystem::remove(plain);
  return content;
}

}  // namespace

std::vector<std::string> module_needs(std::string_view content) {
  // .modinfo is a list of texts that end with a zero byte; no other section has this one.
  constexpr std::string_view kKey{"\0depends=", 9};
  const std::size_t found = content.find(kKey);
  if (found == std::string_view::npos)
    return {};
  std::string_view list = content.substr(found + kKey.size());
  list = list.substr(0, list.find('\0'));
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    names.push_back(plain_name(std::string(list.substr(0, comma))));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

std::vector<KernelModule> order_modules(
    const std::vector<std::string>& wanted,
    const std::function<std::optional<std::string>(const std::string& name)>& read) {
  Order order(read);
  for (const std::string& name : wanted)
    order.add(name);
  return order.take();
}

std::function<std::optional<std::string>(const std::string& name)> module_reader(
    const std::filesystem::path& tree) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree)) {
    const std::string name = entry.path().filename().string();
    if (const std::size_t end = name.find(".ko"); entry.is_regular_file() && end != name.npos)
      files.emplace(plain_name(name.substr(0, end)), entry.path());
  }
  return [files](const std::string& name) -> std::optional<std::string> {
    const auto found = files.find(name);
    if (found == files.end())
      return std::nullopt;
    return unpacked(found->second);
  };
}

}  // namespace encamp
