// Records every call that changes the files below one directory, and makes chosen ones fail.
//
// A test that links disk_calls.cc has the C library's calls replaced in the whole process, SQLite
// and the standard library included: what is recorded is what the program asks of the system, below
// SQLite's own file layer. The calls do their real work, in memory where the directory is.
//
//     DiskCalls calls("/dev/shm/x");
//     open_journal("/dev/shm/x/lab", {});
//     calls.fail(17, ENOSPC);          // the 17th call from the beginning
//     calls.recorded()                 // for power_cut.h
//
// Threads: one. One DiskCalls at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace encamp::test {

/// A call that took effect. Paths are relative to the directory.
struct DiskCall {
  enum class Kind {
    Create,        ///< An empty file.
    Write,         ///< `bytes` at `position`.
    Truncate,      ///< To `position` bytes.
    Sync,          ///< Of a file or a directory.
    FailedSync,    ///< Of a file: what was not on the disk yet never comes there by another sync.
    Rename,        ///< To `other`.
    Remove,        ///< A file or an empty directory.
    MakeDirectory  ///< An empty one.
  };
  Kind kind = Kind::Create;
  std::string path;
  std::string other;
  std::int64_t position = 0;
  std::string bytes;
};

std::string to_string(const DiskCall& call);

class DiskCalls {
 public:
  explicit DiskCalls(std::filesystem::path directory);
  ~DiskCalls();
  DiskCalls(const DiskCalls&) = delete;
  DiskCalls& operator=(const DiskCalls&) = delete;

  const std::vector<DiskCall>& recorded() const { return recorded_; }
  std::size_t size() const { return recorded_.size(); }
  /// Calls that were tried, failed ones too.
  std::size_t tried() const { return tried_; }

  /// The `nth` call from the beginning, counted from 1, and `times - 1` after it fail with
  /// `error` of errno. A write does its first half before it fails.
  void fail(std::size_t nth, int error, std::size_t times = 1);
  /// From the `nth` call on nothing changes any more: as if the process had ended there.
  void die_at(std::size_t nth) { fail(nth, EIO, SIZE_MAX - nth), dead_ = true; }
  void forgive() { fail(0, 0, 0), dead_ = false; }
  /// How many calls have failed since fail(), and the first of them.
  std::size_t failed() const { return failed_; }
  const DiskCall& first_failed() const { return first_failed_; }

  /// Syncs of these paths do nothing, as with a disk that lies or a program that forgets them.
  std::function<bool(const std::string& path)> ignore_sync;

  // For the replaced calls.
  static DiskCalls* active();
  std::optional<std::string> inside(int directory, const char* path) const;
  std::optional<std::string> inside(int file) const;
  /// 0, or the number of the error with which the call must fail.
  int begin(const DiskCall& call);
  void end(DiskCall call);

 private:
  const std::filesystem::path directory_;
  std::vector<DiskCall> recorded_;
  std::size_t tried_ = 0;
  std::size_t fail_from_ = 0;
  std::size_t fail_times_ = 0;
  int error_ = 0;
  bool dead_ = false;
  std::size_t failed_ = 0;
  DiskCall first_failed_;
};

}  // namespace encamp::test
