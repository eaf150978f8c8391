#include "tests/sim/journal_disk.hpp"

#include "agent/journal/schema.hpp"
#include "common/base/check.hpp"
#include "common/sql/migration.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sim {

std::string JournalDisk::file(const std::string& node) const {
  return folder_ / (node + ".db").c_str();
}

std::string JournalDisk::connection(const std::string& node) const {
  return "sqlite:" + file(node);
}

void JournalDisk::format(const std::string& node) {
  static const auto empty = blank();
  for (const auto* part : {"", "-wal"}) {
    if (disk_.find(file(node) + part)) static_cast<void>(disk_.remove(file(node) + part, true));
  }
  disk_.create(file(node))->content = empty;
}

std::string JournalDisk::blank() {
  {
    auto session = sql::Session::open(connection("blank"));
    FIELDLINE_CHECK(session.has_value());
    FIELDLINE_CHECK(sql::migrate(*session, journal::migrations()).has_value());
  }
  return disk_.find(file("blank"))->content;
}

}  // namespace fieldline::sim
