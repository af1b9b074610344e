// The journal of a deployment on this machine's disk, in a directory of its own:
//
//     <folder>/journal.db   lock   secrets/   log/ (the program's)
//
// Not on a network file system: locks would not hold. docs/journal.md says why it is built so.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/state/journal.h"

namespace encamp {

struct WriteOptions {
  std::string command;               ///< `up lab.yaml`: told to whom finds it busy.
  std::filesystem::path hosts_file;  ///< hosts.db: what close() frees; empty: nothing.
};

/// For the one writer, made when it is not there; the lock is held as long as the result lives.
/// The name of `folder` is the deployment's. Throws Error(Busy) that says who writes, Error(NoRoom)
/// or Error(Denied) that name the directory, Error(Conflict) when a newer encamp wrote it.
std::unique_ptr<Journal> open_journal(const std::filesystem::path& folder,
                                      const WriteOptions& options);

/// For reading beside a writer: each call is one short transaction. Writing through it throws
/// Error(Conflict). Throws Error(NotFound) when it is not there.
std::unique_ptr<Journal> read_journal(const std::filesystem::path& folder);

}  // namespace encamp
