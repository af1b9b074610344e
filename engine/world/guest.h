// The inside of a node, reached over SSH: files, packages, units and commands, so that a simulator
// can keep one. Only src/ssh_guest.cc and its agent know apt, systemctl and sh.
//
// Calls block and throw Error: Unavailable when the connection broke (the call may have taken
// effect), Failed when the guest refused, with its output as detail.
// Threads: one call at a time per Guest.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/description/quantity.h"

namespace encamp {

/// How to get in. Nothing is trusted on first use: the host key was made before the boot.
struct Login {
  std::string address;
  int port = 22;
  std::string user = "root";
  std::string host_key;     ///< Public, `ssh-ed25519 AAAA...`; another key is Error(Denied).
  std::string private_key;  ///< OpenSSH's PEM text.
};

struct Command {
  std::string text;  ///< Run by `sh -e`, or by what its `#!` names.
  std::string user = "root";
  std::string directory;  ///< Empty: the user's home.
  std::map<std::string, std::string> environment;
  std::string input;
  Duration timeout = std::chrono::minutes(10);  ///< Then its whole session is killed.
};

struct CommandResult {
  int exit = 0;        ///< 128 + signal when it died of one.
  std::string output;  ///< At most 1 MiB, the first and last part of what was longer.
  std::string errors;  ///< Likewise.
  bool timed_out = false;
};

/// Names one execution for ever. The guest keeps its outcome under it.
struct Receipt {
  std::string id;  ///< Letters, digits, `-`, `_` and `.`; at most 100.
};

enum class FileKind { Regular, Directory, Link, Other };

struct FileState {
  FileKind kind = FileKind::Regular;
  std::string owner;
  std::string group;
  int mode = 0644;
  std::string digest;  ///< SHA-256 of the bytes in hex, or of a link's target.
  std::string target;  ///< Of a link.
};

struct FileSpec {
  std::string path;
  FileKind kind = FileKind::Regular;
  std::string content;  ///< Bytes, or a link's target.
  std::string owner = "root";
  std::string group;  ///< Empty: the owner's.
  int mode = 0644;
};

/// Files that lie together below one directory, in place of what is there.
struct TreeSpec {
  std::string path;  ///< Is a directory.
  std::string owner = "root";
  std::string group;  ///< Empty: the owner's.
  int mode = 0755;    ///< Of the directories in it that are made.
  struct File {
    std::string name;  ///< `conf.d/a.conf`
    FileKind kind = FileKind::Regular;
    std::string content;  ///< Bytes, or a link's target.
    int mode = 0644;      ///< Of a regular file.
  };
  std::vector<File> files;  ///< A directory before what is in it.
};

struct UserState {
  int uid = 0;
  int gid = 0;  ///< Of its own group.
  std::string home;
  std::string shell;
  std::vector<std::string> groups;  ///< Others it is in, sorted.
};

/// What is not set is left as it is, or to the system for a new user.
struct UserSpec {
  std::string name;
  std::optional<int> uid = {};
  std::optional<int> gid = {};  ///< When no group has it, one of the user's name gets it.
  std::string home = {};
  std::string shell = {};
  std::optional<std::vector<std::string>> groups = {};
  bool system = false;  ///< New ones only: a number below 1000, and no home is made.
};

struct UnitState {
  bool known = false;  ///< systemd has such a unit.
  bool enabled = false;
  bool active = false;
  std::string detail;  ///< `failed (exit-code)`, for messages.
};

/// Questions that are asked together: about files, whether packages are installed, about units.
struct Questions {
  std::set<std::string> files;
  std::set<std::string> packages;
  std::set<std::string> units;
  bool empty() const { return files.empty() && packages.empty() && units.empty(); }
};

/// Has an entry for each file and unit that was asked about; of packages, as installed().
struct Answers {
  std::map<std::string, std::optional<FileState>> files;
  std::map<std::string, std::string> packages;
  std::map<std::string, UnitState> units;
};

class Guest {
 public:
  virtual ~Guest() = default;

  /// Answers all questions; in one way there and back where the guest is far.
  virtual Answers answer(const Questions& questions);

  /// Runs without a receipt: for questions, and for what may be repeated.
  virtual CommandResult probe(const Command& command) = 0;

  /// Runs at most once per receipt; a second call with it waits for the first one's outcome.
  /// Throws Error(Unknown) when the guest lost it.
  virtual CommandResult run(const Receipt& receipt, const Command& command) = 0;

  virtual std::optional<FileState> find_file(const std::string& path) = 0;
  virtual std::string read_file(const std::string& path, std::size_t limit) = 0;
  /// Whole or not at all: written beside it and renamed. Missing directories above are made.
  virtual void write_file(const FileSpec& file) = 0;
  virtual void remove_file(const std::string& path) = 0;  ///< Gone is no error.
  virtual void rename_file(const std::string& from, const std::string& to) = 0;
  /// Copies a file, link or directory with its owner and mode; whole or not at all. What lies at
  /// `to` is replaced, missing directories above it are made.
  virtual void copy_file(const std::string& from, const std::string& to) = 0;

  /// Unpacks `archive`, a tar file in whatever compression the node knows, into the directory
  /// `path` without the first `strip` parts of each name. What comes with it and was not there
  /// before is noted on the node; what an archive unpacked before into `path` had and this one has
  /// not goes.
  virtual void unpack(const std::string& path, const std::string& archive, int strip) = 0;
  /// Removes what was noted, and directories of it that are empty then. None is no error.
  virtual void remove_unpacked(const std::string& path) = 0;

  /// Writes what is not there as wanted, and takes away what an earlier call for that path wrote
  /// and this one has not. Files and links that were there before are kept aside; directories that
  /// were there keep owner and mode. Error(Failed) where a directory is in the way of a file.
  virtual void write_tree(const TreeSpec& tree) = 0;
  /// Takes away what was written below `path`, with directories that are empty then, and puts back
  /// what was kept aside. None is no error.
  virtual void remove_tree(const std::string& path) = 0;

  virtual std::optional<UserState> find_user(const std::string& name) = 0;
  /// Makes or changes a user, a new one with his home.
  virtual void put_user(const UserSpec& user) = 0;
  virtual void remove_user(const std::string& name) = 0;  ///< His home stays. Gone is no error.
  virtual std::optional<int> find_group(const std::string& name) = 0;  ///< Its number.
  virtual void put_group(const std::string& name, std::optional<int> gid, bool system) = 0;
  virtual void remove_group(const std::string& name) = 0;  ///< Gone is no error.

  /// Whether something accepts TCP connections at that port of the node itself.
  virtual bool listens(int port) = 0;
  /// The status that a GET of `url` from the node itself has; 0 when nobody answers.
  virtual int http_status(const std::string& url) = 0;

  /// The installed version of each that is installed.
  virtual std::map<std::string, std::string> installed(
      const std::vector<std::string>& packages) = 0;
  /// Fetches the package index anew.
  virtual void update_packages(Duration timeout) = 0;
  /// `name` or `name=version`. Nothing they bring is started or enabled. Local packages that lie on
  /// the node (local_package.h) are taken instead, also of what is installed already.
  virtual void install(const std::vector<std::string>& packages, Duration timeout) = 0;
  /// Removes them and what came with them and nothing else needs.
  virtual void uninstall(const std::vector<std::string>& packages, Duration timeout) = 0;

  virtual UnitState unit(const std::string& name) = 0;
  virtual void enable_unit(const std::string& name, bool enabled) = 0;
  /// Returns when systemd says active, or throws Error(Failed) with the unit's journal.
  virtual void start_unit(const std::string& name) = 0;
  virtual void restart_unit(const std::string& name) = 0;
  virtual void stop_unit(const std::string& name) = 0;
  /// The last `lines` of the unit's journal, for messages.
  virtual std::string unit_journal(const std::string& name, int lines) = 0;
};

}  // namespace encamp
