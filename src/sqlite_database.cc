#include "src/sqlite_database.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/local_file.h"
#include "src/sqlite_directory.h"

namespace encamp {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

// Why no file can be made beside `path`, a number of errno; 0 when one can. Of many failures SQLite
// keeps no number or a later one: what it cannot make it tries to open for reading, and says that
// it is not there.
int why_nothing_is_made(const std::filesystem::path& path) {
  std::filesystem::path probe = path;
  probe += "-probe";
  const Descriptor file(open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const int number = file ? 0 : errno;
  unlink(probe.c_str());
  return number;
}

}  // namespace

Database::Database(const std::filesystem::path& path, Mode mode, std::string what)
    : path_(path), mode_(mode), what_(std::move(what)) {
  // A journal of a dead process is rolled back by who opens it, so readers open for writing too.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::Create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (result != SQLITE_OK)
    fail("open");
  sqlite3_busy_timeout(handle_.get(), kBusyTimeoutMs);
  execute("PRAGMA journal_mode=TRUNCATE");
  execute("PRAGMA synchronous=FULL");
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail("write");
}

int Database::schema_version() {
  Statement statement(*this, "PRAGMA user_version");
  return statement.next() ? static_cast<int>(statement.number(0)) : 0;
}

void Database::set_schema_version(int version) {
  execute(fmt::format("PRAGMA user_version={}", version).c_str());
}

void Database::refuse_newer_than(int version) {
  const int found = schema_version();
  if (found > version)
    throw Error(ErrorKind::Conflict,
                fmt::format("{} was written by a newer encamp (schema {}, this one knows {})",
                            what_, found, version))
        .with_hint("encamp --version");
}

void Database::fail(const std::string& doing) const {
  const int code = handle_ ? sqlite3_extended_errcode(handle_.get()) : SQLITE_NOMEM;
  int system = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
  const bool missing = mode_ == Mode::Existing && !std::filesystem::exists(path_);
  const bool unsaid = (code & 0xFF) == SQLITE_CANTOPEN ? system == ENOENT : system == 0;
  if (unsaid && !missing)
    system = why_nothing_is_made(path_);
  const std::string folder = path_.parent_path().native();
  const auto message = [&](const std::string& why) {
    return fmt::format("cannot {} {} in '{}': {}", doing, what_, folder, why);
  };
  const bool is_full = is_lack_of_room(system);
  switch (code & 0xFF) {
    case SQLITE_FULL:
      throw Error(ErrorKind::NoRoom, message("no space left")).with_hint("df -h " + folder);
    case SQLITE_BUSY:
      throw Error(ErrorKind::Busy, message("another process holds it"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(ErrorKind::Denied, message("it may not be written"))
          .with_hint("ls -ld " + folder);
    case SQLITE_CANTOPEN:
      if (is_full)
        throw Error(ErrorKind::NoRoom, message("no space left")).with_hint("df -h " + folder);
      if (missing)
        throw Error(ErrorKind::NotFound, message("it is not there"));
      throw Error(is_denial(system) ? ErrorKind::Denied : ErrorKind::Failed,
                  message(system == 0 ? "it could not be made" : std::strerror(system)))
          .with_hint("ls -ld " + folder);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(ErrorKind::Failed, message("the file is damaged"));
    case SQLITE_IOERR:
      // SQLite says FULL for ENOSPC alone; of a quota or a limit on the size of files it keeps no
      // number.
      if (is_full || (code == SQLITE_IOERR_WRITE && system == 0))
        throw Error(ErrorKind::NoRoom,
                    message(is_full ? "no space left" : "a quota or a limit on the size of files"))
            .with_hint("df -h " + folder);
      throw Error(ErrorKind::Failed,
                  message(system == 0 ? "input/output error" : std::strerror(system)))
          .with_hint("df -h " + folder);
    default:
      throw Error(ErrorKind::Failed,
                  message(handle_ ? sqlite3_errmsg(handle_.get()) : "no memory"));
  }
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.execute(kind == Kind::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // What failed may have been rolled back already; then this fails and nothing is open.
  if (open_)
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database.handle(), sql, -1, &prepared, nullptr) != SQLITE_OK)
    database_.fail("read");
  statement_.reset(prepared);
}

Statement& Statement::bind(const std::string& text) {
  if (sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK)
    database_.fail("write");
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  if (sqlite3_bind_int64(statement_.get(), ++bound_, number) != SQLITE_OK)
    database_.fail("write");
  return *this;
}

bool Statement::next() {
  const int result = sqlite3_step(statement_.get());
  if (result != SQLITE_ROW && result != SQLITE_DONE)
    database_.fail(sqlite3_stmt_readonly(statement_.get()) != 0 ? "read" : "write");
  return result == SQLITE_ROW;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::view(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

}  // namespace encamp
