// SQLite as encamp uses it: a rollback journal that is truncated, every commit on the disk before
// it returns (a power loss took nothing that was acknowledged, docs/journal.md). Only sqlite_*.cc
// include this.
//
//     Database database("/var/lib/encamp/hosts.db", Database::Mode::Create);
//     Transaction transaction(database);
//     Statement(database, "INSERT INTO host VALUES (?)").bind(name).run();
//     transaction.commit();
//
// Threads: one at a time per Database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace encamp {

class Database {
 public:
  enum class Mode { Create, Existing };

  /// `what` names it in messages: `the journal of 'lab'`. Throws Error(NoRoom), (Denied), (Busy),
  /// (NotFound) or (Failed), as all below do.
  Database(const std::filesystem::path& path, Mode mode, std::string what);

  void execute(const char* sql);
  /// `PRAGMA user_version`; 0 in a new database.
  int schema_version();
  void set_schema_version(int version);
  /// Throws Error(Conflict) when a newer encamp wrote it.
  void refuse_newer_than(int version);

  sqlite3* handle() const { return handle_.get(); }
  [[noreturn]] void fail(const std::string& doing) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };

  std::filesystem::path path_;
  Mode mode_;
  std::string what_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Rolls back what was not committed.
class Transaction {
 public:
  enum class Kind { Write, Read };
  explicit Transaction(Database& database, Kind kind = Kind::Write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

class Statement {
 public:
  Statement(Database& database, const char* sql);

  /// The next parameter, in the order of the question marks.
  Statement& bind(const std::string& text);
  Statement& bind(std::int64_t number);
  /// Steps to the next row; false after the last one.
  bool next();
  void run() {
    while (next()) {
    }
  }

  bool is_null(int column) const;
  std::string text(int column) const { return std::string(view(column)); }
  std::string_view view(int column) const;  ///< The same, until the next row.
  std::int64_t number(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

}  // namespace encamp
