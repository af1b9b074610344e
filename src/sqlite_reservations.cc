#include "src/sqlite_reservations.h"

#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/bind/subnet.h"
#include "engine/error.h"
#include "src/local_file.h"
#include "src/sqlite_database.h"
#include "src/sqlite_directory.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

constexpr int kReservationSchema = 1;
constexpr const char* kTables = R"sql(
CREATE TABLE reservation (
  deployment TEXT NOT NULL,
  name       TEXT NOT NULL,
  host       TEXT NOT NULL,
  subnets    TEXT NOT NULL,     -- A JSON list.
  memory     INTEGER NOT NULL,  -- Bytes, as the next.
  disk       INTEGER NOT NULL,
  PRIMARY KEY (deployment, host)
) STRICT, WITHOUT ROWID;
)sql";

void refuse_overlap(const Reservation& wanted, const std::vector<Reservation>& others) {
  for (const Reservation& other : others) {
    if (other.host != wanted.host || other.deployment == wanted.deployment)
      continue;
    for (const std::string& theirs : other.subnets) {
      for (const std::string& ours : wanted.subnets) {
        if (overlaps(theirs, ours))
          throw Error(ErrorKind::Conflict,
                      fmt::format("subnet {} on host '{}' is taken by deployment '{}' ({})", ours,
                                  wanted.host, other.name, theirs));
      }
    }
  }
}

class SqliteReservations : public Reservations {
 public:
  explicit SqliteReservations(const fs::path& file)
      : database_(file, Database::Mode::Create, "the list of reservations") {
    database_.refuse_newer_than(kReservationSchema);
    if (database_.schema_version() == kReservationSchema)
      return;
    sync_directories(file.parent_path());  // Before: what has a schema has a durable name.
    Transaction transaction(database_);
    if (database_.schema_version() == 0) {  // Nobody was faster.
      database_.execute(kTables);
      database_.set_schema_version(kReservationSchema);
    }
    transaction.commit();
  }

  std::vector<Reservation> list() override {
    const std::lock_guard guard(mutex_);
    return read();
  }

  void put(const Reservation& reservation, const Admission& admit) override {
    const std::lock_guard guard(mutex_);
    Transaction transaction(database_);
    const std::vector<Reservation> all = read();
    refuse_overlap(reservation, all);
    if (admit)
      admit(all);
    Statement(database_, "INSERT OR REPLACE INTO reservation VALUES (?, ?, ?, ?, ?, ?)")
        .bind(reservation.deployment)
        .bind(reservation.name)
        .bind(reservation.host)
        .bind(nlohmann::json(reservation.subnets).dump())
        .bind(reservation.memory.count)
        .bind(reservation.disk.count)
        .run();
    transaction.commit();
  }

  void remove(const std::string& deployment) override {
    const std::lock_guard guard(mutex_);
    Transaction transaction(database_);
    Statement(database_, "DELETE FROM reservation WHERE deployment = ?").bind(deployment).run();
    // Writes also when nothing was there: a removal whose last sync failed looks done, and a power
    // loss would undo it.
    database_.set_schema_version(kReservationSchema);
    transaction.commit();
  }

 private:
  std::vector<Reservation> read() {
    std::vector<Reservation> all;
    Statement row(database_, "SELECT * FROM reservation ORDER BY name, deployment, host");
    while (row.next()) {
      all.push_back({.deployment = row.text(0),
                     .name = row.text(1),
                     .host = row.text(2),
                     .subnets = nlohmann::json::parse(row.text(3)).get<std::vector<std::string>>(),
                     .memory = Bytes{row.number(4)},
                     .disk = Bytes{row.number(5)}});
    }
    return all;
  }

  std::mutex mutex_;  ///< Of the database.
  Database database_;
};

}  // namespace

std::unique_ptr<Reservations> open_reservations(const fs::path& file) {
  make_directories(file.parent_path());
  return std::make_unique<SqliteReservations>(file);
}

}  // namespace encamp
