#include "src/agent_guest.h"

#include <algorithm>
#include <optional>

#include "engine/error.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

using std::chrono::seconds;
using Arguments = std::vector<std::string>;

constexpr seconds kMargin{30};  ///< What the guest may take beyond the timeout it was given.

std::string number(std::int64_t value) {
  return std::to_string(value);
}

/// Empty when it is not set.
std::string text_of(std::optional<int> value) {
  return value ? number(*value) : std::string();
}

Arguments arguments_of(const Command& command) {
  Arguments arguments{command.text, command.user, command.directory,
                      number(command.timeout.count()), command.input};
  for (const auto& [name, value] : command.environment)
    arguments.insert(arguments.end(), {name, value});
  return arguments;
}

CommandResult result_of(const Arguments& answer) {
  return {.exit = std::stoi(answer.at(0)),
          .output = answer.at(2),
          .errors = answer.at(3),
          .timed_out = answer.at(1) == "1"};
}

std::string word_of(FileKind kind) {
  switch (kind) {
    case FileKind::Regular:
      return "file";
    case FileKind::Directory:
      return "directory";
    case FileKind::Link:
      return "link";
    case FileKind::Other:
      break;
  }
  return "other";
}

FileKind kind_of(const std::string& word) {
  for (const FileKind kind : {FileKind::Regular, FileKind::Directory, FileKind::Link}) {
    if (word == word_of(kind))
      return kind;
  }
  return FileKind::Other;
}

// No parts: there is no such file.
std::optional<FileState> file_state(const Arguments& parts) {
  if (parts.empty())
    return std::nullopt;
  FileState state{.kind = kind_of(parts.at(0)),
                  .owner = parts.at(1),
                  .group = parts.at(2),
                  .mode = std::stoi(parts.at(3)),
                  .digest = parts.at(4),
                  .target = parts.at(5)};
  if (state.kind == FileKind::Link)
    state.digest = sha256(state.target);
  return state;
}

UnitState unit_state(const Arguments& parts) {
  return {.known = parts.at(0) == "1",
          .enabled = parts.at(1) == "1",
          .active = parts.at(2) == "1",
          .detail = parts.at(3)};
}

// Names the list of what was written below `path`.
std::string list_of_tree(const std::string& path) {
  return "tree-" + sha256(path).substr(0, 32);
}

// Kind, name, number of parts, parts; again and again.
Answers answers_of(const Arguments& answer) {
  Answers answers;
  for (std::size_t i = 0; i < answer.size();) {
    const std::string& kind = answer.at(i);
    const std::string& name = answer.at(i + 1);
    const std::size_t count = std::stoul(answer.at(i + 2));
    i += 3;
    Arguments parts;
    for (const std::size_t end = i + count; i < end; ++i)
      parts.push_back(answer.at(i));
    if (kind == "file")
      answers.files[name] = file_state(parts);
    else if (kind == "package")
      answers.packages[name] = parts.at(0);
    else
      answers.units[name] = unit_state(parts);
  }
  return answers;
}

}  // namespace

Answers AgentGuest::answer(const Questions& questions) {
  Arguments arguments;
  for (const auto& [kind, names] : {std::pair("file", &questions.files),
                                    {"package", &questions.packages},
                                    {"unit", &questions.units}}) {
    for (const std::string& name : *names)
      arguments.insert(arguments.end(), {kind, name});
  }
  return answers_of(ask("answer", arguments));
}

CommandResult AgentGuest::probe(const Command& command) {
  return result_of(ask("probe", arguments_of(command), command.timeout + kMargin));
}

CommandResult AgentGuest::run(const Receipt& receipt, const Command& command) {
  Arguments arguments{receipt.id};
  std::ranges::move(arguments_of(command), std::back_inserter(arguments));
  for (int attempt = 1;; ++attempt) {
    try {
      return result_of(ask("run", arguments, command.timeout + kMargin));
    } catch (const Error& error) {
      // The command goes on without us; to ask again is to wait for it. That we waited in vain
      // is no outcome of the command: those say timed_out.
      if (error.kind() == ErrorKind::Timeout)
        throw Error(ErrorKind::Unavailable, error.what());
      if (error.kind() != ErrorKind::Unavailable || attempt == 3)
        throw;
    }
  }
}

std::optional<FileState> AgentGuest::find_file(const std::string& path) {
  return file_state(ask("find_file", {path}));
}

std::string AgentGuest::read_file(const std::string& path, std::size_t limit) {
  return ask("read_file", {path, std::to_string(limit)}).at(0);
}

void AgentGuest::write_file(const FileSpec& file) {
  ask("write_file",
      {file.path, word_of(file.kind), file.content, file.owner, file.group, number(file.mode)});
}

void AgentGuest::remove_file(const std::string& path) {
  ask("remove_file", {path});
}

void AgentGuest::rename_file(const std::string& from, const std::string& to) {
  ask("rename_file", {from, to});
}

void AgentGuest::copy_file(const std::string& from, const std::string& to) {
  ask("copy_file", {from, to});
}

void AgentGuest::unpack(const std::string& path, const std::string& archive, int strip) {
  ask("unpack", {path, sha256(path), number(strip), archive});
}

void AgentGuest::remove_unpacked(const std::string& path) {
  ask("remove_unpacked", {path, sha256(path)});
}

void AgentGuest::write_tree(const TreeSpec& tree) {
  Arguments arguments{tree.path, list_of_tree(tree.path), tree.owner, tree.group,
                      number(tree.mode)};
  for (const TreeSpec::File& file : tree.files)
    arguments.insert(arguments.end(),
                     {file.name, word_of(file.kind), number(file.mode), file.content});
  ask("write_tree", arguments);
}

void AgentGuest::remove_tree(const std::string& path) {
  ask("remove_tree", {path, list_of_tree(path)});
}

std::optional<UserState> AgentGuest::find_user(const std::string& name) {
  Arguments answer = ask("find_user", {name});
  if (answer.empty())
    return std::nullopt;
  return UserState{.uid = std::stoi(answer.at(0)),
                   .gid = std::stoi(answer.at(1)),
                   .home = answer.at(2),
                   .shell = answer.at(3),
                   .groups = {answer.begin() + 4, answer.end()}};
}

void AgentGuest::put_user(const UserSpec& user) {
  Arguments arguments{user.name,  text_of(user.uid),      text_of(user.gid),     user.home,
                      user.shell, user.system ? "1" : "", user.groups ? "1" : ""};
  if (user.groups)
    std::ranges::copy(*user.groups, std::back_inserter(arguments));
  ask("put_user", arguments);
}

void AgentGuest::remove_user(const std::string& name) {
  ask("remove_user", {name});
}

std::optional<int> AgentGuest::find_group(const std::string& name) {
  const Arguments answer = ask("find_group", {name});
  return answer.empty() ? std::nullopt : std::optional(std::stoi(answer.at(0)));
}

void AgentGuest::put_group(const std::string& name, std::optional<int> gid, bool system) {
  ask("put_group", {name, text_of(gid), system ? "1" : ""});
}

void AgentGuest::remove_group(const std::string& name) {
  ask("remove_group", {name});
}

bool AgentGuest::listens(int port) {
  return ask("listens", {number(port)}).at(0) == "1";
}

int AgentGuest::http_status(const std::string& url) {
  return std::stoi(ask("http_status", {url}).at(0));
}

std::map<std::string, std::string> AgentGuest::installed(const std::vector<std::string>& packages) {
  std::map<std::string, std::string> versions;
  if (packages.empty())
    return versions;
  const Arguments answer = ask("installed", packages);
  for (std::size_t i = 0; i + 1 < answer.size(); i += 2)
    versions[answer[i]] = answer[i + 1];
  return versions;
}

void AgentGuest::update_packages(Duration timeout) {
  change_packages("update", {}, timeout);
}

void AgentGuest::install(const std::vector<std::string>& packages, Duration timeout) {
  change_packages("install", packages, timeout);
}

void AgentGuest::uninstall(const std::vector<std::string>& packages, Duration timeout) {
  change_packages("uninstall", packages, timeout);
}

UnitState AgentGuest::unit(const std::string& name) {
  return unit_state(ask("unit", {name}));
}

void AgentGuest::enable_unit(const std::string& name, bool enabled) {
  ask("enable_unit", {name, enabled ? "1" : ""});
}

void AgentGuest::start_unit(const std::string& name) {
  ask("start_unit", {name});
}

void AgentGuest::restart_unit(const std::string& name) {
  ask("restart_unit", {name});
}

void AgentGuest::stop_unit(const std::string& name) {
  ask("stop_unit", {name});
}

std::string AgentGuest::unit_journal(const std::string& name, int lines) {
  return ask("unit_journal", {name, number(lines)}).at(0);
}

void AgentGuest::change_packages(std::string_view operation,
                                 const std::vector<std::string>& packages, Duration timeout) {
  Arguments arguments{number(timeout.count())};
  std::ranges::copy(packages, std::back_inserter(arguments));
  ask(operation, arguments, timeout + kMargin);
}

}  // namespace encamp
