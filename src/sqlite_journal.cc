#include "src/sqlite_journal.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "src/sqlite_database.h"
#include "src/sqlite_directory.h"
#include "src/sqlite_lock.h"
#include "src/sqlite_reservations.h"
#include "src/sqlite_secrets.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// What a schema version adds to the one before; a journal of an older encamp gets the missing ones.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE deployment (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL,  -- Grows with each writer.
  facts TEXT               -- JSON; NULL before the first commit.
) STRICT;
INSERT INTO deployment VALUES (1, 0, NULL);
CREATE TABLE record (
  address    TEXT NOT NULL,
  generation INTEGER NOT NULL,
  component  TEXT NOT NULL,
  life       TEXT NOT NULL,
  host       TEXT NOT NULL,
  properties TEXT NOT NULL,  -- JSON, as all that follow but the last.
  attributes TEXT NOT NULL,
  notes      TEXT NOT NULL,
  claims     TEXT NOT NULL,
  needs      TEXT NOT NULL,
  took       INTEGER NOT NULL,  -- Milliseconds.
  PRIMARY KEY (address, generation)
) STRICT, WITHOUT ROWID;
)sql"};
constexpr int kSchema = static_cast<int>(std::size(kMigrations));

constexpr std::array<std::pair<Claim::Kind, const char*>, 4> kKinds{
    {{Claim::Kind::Network, "network"},
     {Claim::Kind::Pool, "pool"},
     {Claim::Kind::Volume, "volume"},
     {Claim::Kind::Guest, "guest"}}};

std::string claims_text(const std::vector<Claim>& claims) {
  Json list = Json::array();
  for (const Claim& claim : claims)
    list.push_back(
        {{"kind", std::ranges::find(kKinds, claim.kind, &std::pair<Claim::Kind, const char*>::first)
                      ->second},
         {"name", claim.name},
         {"uuid", claim.uuid},
         {"pool", claim.pool}});
  return list.dump();
}

std::vector<Claim> claims_from(std::string_view text) {
  std::vector<Claim> claims;
  if (text == "[]")  // Of all software.
    return claims;
  for (const Json& json : Json::parse(text)) {
    const std::string kind = json.at("kind").get<std::string>();
    const auto found =
        std::ranges::find_if(kKinds, [&](const auto& entry) { return kind == entry.second; });
    if (found == kKinds.end())
      throw std::invalid_argument("no kind of claim: " + kind);
    claims.push_back({.kind = found->first,
                      .name = json.at("name").get<std::string>(),
                      .uuid = json.at("uuid").get<std::string>(),
                      .pool = json.at("pool").get<std::string>()});
  }
  return claims;
}

std::vector<Address> addresses_from(std::string_view text) {
  std::vector<Address> addresses;
  // Without escapes, as nearly all are, what is between the quotes is meant; journals are large.
  if (text.starts_with("[\"") && text.ends_with("\"]") &&
      text.find('\\') == std::string_view::npos) {
    std::size_t begin = 2;
    for (std::size_t end = 0; end + 2 < text.size(); begin = end + 3) {
      end = text.find('"', begin);
      if (end == std::string_view::npos ||
          (end + 2 != text.size() && text.compare(end, 3, "\",\"") != 0))
        throw std::invalid_argument(fmt::format("no list of addresses: {}", text));
      addresses.emplace_back(text.substr(begin, end - begin));
    }
    return addresses;
  }
  const Value list = from_json(text);
  if (!list.is_list() || !std::ranges::all_of(list.list(), &Value::is_text))
    throw std::invalid_argument(fmt::format("no list of addresses: {}", text));
  for (const Value& address : list.list())
    addresses.push_back(address.text());
  return addresses;
}

/// Properties from their text. What is the same on all copies of a node, and nearly all attributes,
/// is read once and shared.
class Maps {
 public:
  Properties read(std::string_view text) {
    if (text.size() > kLong)
      return map_from_json(text);
    const auto known = known_.find(text);
    if (known != known_.end())
      return known->second;
    Properties read = map_from_json(text);
    if (known_.size() < kMany)
      known_.emplace(text, read);
    return read;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  static constexpr std::size_t kLong = 256, kMany = 1024;
  std::unordered_map<std::string, Properties, Hash, std::equal_to<>> known_;
};

Record record_from(const Statement& row, Maps& maps) {
  return {.address = row.text(0),
          .generation = static_cast<int>(row.number(1)),
          .component = row.text(2),
          .life = life_from(row.view(3)),
          .host = row.text(4),
          .properties = maps.read(row.view(5)),
          .attributes = maps.read(row.view(6)),
          .notes = maps.read(row.view(7)),
          .claims = claims_from(row.view(8)),
          .needs = addresses_from(row.view(9)),
          .took = Duration(row.number(10))};
}

void put(Database& database, const Record& record) {
  if (record.life == Life::Gone) {
    Statement(database, "DELETE FROM record WHERE address = ? AND generation = ?")
        .bind(record.address)
        .bind(std::int64_t{record.generation})
        .run();
    return;
  }
  Statement(database, "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(record.address)
      .bind(std::int64_t{record.generation})
      .bind(record.component)
      .bind(to_string(record.life))
      .bind(record.host)
      .bind(to_json(record.properties))
      .bind(to_json(record.attributes))
      .bind(to_json(record.notes))
      .bind(claims_text(record.claims))
      .bind(Json(record.needs).dump())
      .bind(std::int64_t{record.took.count()})
      .run();
}

std::string what(const fs::path& folder) {
  return fmt::format("the journal of '{}'", folder.filename().native());
}

class SqliteJournal : public Journal {
 public:
  // The writer.
  SqliteJournal(const fs::path& folder, const WriteOptions& options)
      : folder_(folder),
        hosts_file_(options.hosts_file),
        lock_(std::in_place, folder, options.command),
        database_(std::in_place, folder / "journal.db", Database::Mode::Create, what(folder)),
        secrets_(folder / "secrets") {
    database_->refuse_newer_than(kSchema);
    const int version = database_->schema_version();
    secrets_.make_directory();
    if (version == 0)  // Before: what has a schema has a durable name.
      sync_directories(folder);
    Transaction transaction(*database_);
    for (int next = version; next < kSchema; ++next)
      database_->execute(kMigrations[next]);
    if (version < kSchema)
      database_->set_schema_version(kSchema);
    Statement taken(*database_, "UPDATE deployment SET epoch = epoch + 1 RETURNING epoch");
    taken.next();
    epoch_ = taken.number(0);
    taken.run();
    transaction.commit();
  }

  // A reader.
  explicit SqliteJournal(const fs::path& folder)
      : folder_(folder),
        database_(std::in_place, folder / "journal.db", Database::Mode::Existing, what(folder)),
        secrets_(folder / "secrets") {
    database_->refuse_newer_than(kSchema);
  }

 private:
  // One short transaction.
  template <typename Read>
  auto reading(Read read) {
    try {
      Transaction transaction(*database_, Transaction::Kind::Read);
      auto result = read();
      transaction.commit();
      return result;
    } catch (const std::logic_error& error) {  // std::invalid_argument: not what we write.
      throw Error(ErrorKind::Failed, fmt::format("{} in '{}' is damaged: {}", what(folder_),
                                                 folder_.native(), error.what()));
    } catch (const Json::exception& error) {
      throw Error(ErrorKind::Failed, fmt::format("{} in '{}' is damaged: {}", what(folder_),
                                                 folder_.native(), error.what()));
    }
  }

 public:
  std::optional<Deployment> deployment() override {
    const std::lock_guard guard(mutex_);
    if (!database_)
      return std::nullopt;
    return reading([&]() -> std::optional<Deployment> {
      Statement row(*database_, "SELECT facts FROM deployment");
      if (!row.next() || row.is_null(0))
        return std::nullopt;
      return deployment_from_json(row.text(0));
    });
  }

  std::vector<Record> records() override {
    const std::lock_guard guard(mutex_);
    if (!database_)
      return {};
    return reading([&] {
      std::vector<Record> all;
      Statement row(*database_, "SELECT * FROM record ORDER BY address, generation");
      Maps maps;
      while (row.next())
        all.push_back(record_from(row, maps));
      return all;
    });
  }

  void commit(const Batch& batch) override {
    const std::lock_guard guard(mutex_);
    Transaction transaction(writable());
    apply(batch);
    transaction.commit();
  }

  std::optional<std::string> find_secret(const std::string& name) override {
    return secrets_.find(name);
  }

  void keep_secret(const std::string& name, const std::string& bytes) override {
    {
      const std::lock_guard guard(mutex_);
      writable();
    }
    secrets_.keep(name, bytes);
  }

  void forget_secret(const std::string& name) override {
    {
      const std::lock_guard guard(mutex_);
      writable();
    }
    secrets_.forget(name);
  }

  void close(const Batch& last) override {
    const std::lock_guard guard(mutex_);
    if (!database_ && last.empty()) {
      if (!name_is_free_)  // The first time it did not get so far.
        remove_folder();
      return;
    }
    Database& database = writable();
    if (fs::exists(hosts_file_)) {  // What is gone holds no room.
      if (const std::optional<std::string> id = deployment_id())
        open_reservations(hosts_file_)->remove(*id);
    }
    {
      Transaction transaction(database);
      apply(last);
      Statement left(database, "SELECT address FROM record LIMIT 1");
      if (left.next())
        throw Error(ErrorKind::Conflict, fmt::format("the journal still has {}", left.text(0)));
      Statement(database, "UPDATE deployment SET facts = NULL").run();
      transaction.commit();
    }
    database_.reset();
    remove_folder();
  }

 private:
  Database& writable() {
    if (!database_)
      throw Error(ErrorKind::Conflict, what(folder_) + " is closed");
    if (!lock_)
      throw Error(ErrorKind::Conflict, what(folder_) + " is open for reading only");
    return *database_;
  }

  // REQUIRES: a transaction is open.
  void apply(const Batch& batch) {
    Statement epoch(*database_, "SELECT epoch FROM deployment");
    if (!epoch.next() || epoch.number(0) != epoch_)
      throw Error(ErrorKind::Conflict, fmt::format("another process took over {}", what(folder_)))
          .with_hint("encamp status " + folder_.filename().native());
    for (const Record& record : batch.put)
      put(*database_, record);
    if (batch.deployment)
      Statement(*database_, "UPDATE deployment SET facts = ?")
          .bind(to_json(*batch.deployment))
          .run();
  }

  std::optional<std::string> deployment_id() {
    Statement row(*database_, "SELECT facts FROM deployment");
    if (!row.next() || row.is_null(0))
      return std::nullopt;
    return deployment_from_json(row.text(0)).id;
  }

  // Secrets first and the lock last: what is left after a crash is a deployment without rows, which
  // the next `down` ends. Once this has returned no secret comes back.
  void remove_folder() {
    try {
      fs::remove_all(folder_ / "secrets");
      for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
        if (entry.path().filename() != "lock" && entry.path().filename() != "journal.db")
          fs::remove_all(entry.path());
      }
      fs::remove(folder_ / "journal.db");
      fs::remove(folder_ / "lock");
      name_is_free_ = true;
    } catch (const fs::filesystem_error& error) {
      throw_unwritable(error.path1(), error.code().value());
    }
    std::error_code ignored;  // Another process may have made it anew already.
    fs::remove(folder_, ignored);
    sync_directory(folder_.parent_path());
  }

  const fs::path folder_;
  const fs::path hosts_file_;
  std::mutex mutex_;                    ///< Of all below.
  std::optional<DeploymentLock> lock_;  ///< Nothing: only reads.
  std::optional<Database> database_;    ///< Nothing: closed.
  std::int64_t epoch_ = 0;
  bool name_is_free_ = false;  ///< Closed, and another process may have the folder.
  SecretFiles secrets_;
};

}  // namespace

std::unique_ptr<Journal> open_journal(const fs::path& folder, const WriteOptions& options) {
  return std::make_unique<SqliteJournal>(folder, options);
}

std::unique_ptr<Journal> read_journal(const fs::path& folder) {
  if (!fs::exists(folder / "journal.db"))
    throw Error(ErrorKind::NotFound,
                fmt::format("there is no deployment '{}'", folder.filename().native()))
        .with_hint("encamp list");
  return std::make_unique<SqliteJournal>(folder);
}

}  // namespace encamp
