#include "common/sql/address.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {
namespace {

TEST_CASE("an address is called by where it leads, without its options") {
  const auto plain = Address::parse("postgresql://fieldline@db.plant:5433/sites?sslmode=verify-full");
  REQUIRE(plain);
  CHECK(plain->dialect == Dialect::kPostgresql);
  CHECK(plain->name == "postgresql://fieldline@db.plant:5433/sites");
  CHECK(plain->target.find("sslmode='verify-full'") != std::string::npos);
  CHECK(Address::parse("postgresql:///sites?host=/run/postgresql")->name ==
        "postgresql:///run/postgresql/sites");
  CHECK(Address::parse("sqlite:/var/lib/a.db")->name == "sqlite:/var/lib/a.db");
}

TEST_CASE("a server that does not answer is given up in seconds, unless the address says otherwise") {
  const auto target = Address::parse("postgresql://db/sites?connect_timeout=60")->target;
  CHECK(target.find("connect_timeout='60'") != std::string::npos);
  CHECK(target.find("tcp_user_timeout='10000'") != std::string::npos);
  CHECK(target.find("target_session_attrs='read-write'") != std::string::npos);
}

TEST_CASE("an address with a password is refused, and the refusal does not repeat it") {
  for (const auto* address : {"postgresql://ann:s3cret@db/sites", "postgresql://db/sites?password=s3cret",
                              "postgresql://db/sites?sslpassword=s3cret",
                              "postgresql://ann:s3cret%zz@db/sites", "postgresql://ann:s3cret@[db/sites",
                              "postgres://ann:s3cret@db/sites", "mysql://ann:s3cret@db/sites"}) {
    const auto refused = Address::parse(address);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kInvalid);
    CHECK(refused.error().describe().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a password file is there and private") {
  const ScratchFolder folder;
  const auto address = "postgresql://db/sites?passfile=" + (folder / "pgpass").string();
  CHECK(Address::parse(address).error().message.find("is not there") != std::string::npos);
  std::ofstream(folder / "pgpass") << "*:*:*:*:s3cret\n";
  std::filesystem::permissions(folder / "pgpass", std::filesystem::perms(0640));
  CHECK(Address::parse(address).error().message.find("chmod 600") != std::string::npos);
  std::filesystem::permissions(folder / "pgpass", std::filesystem::perms(0600));
  CHECK(Address::parse(address));
}

TEST_CASE("values of options can't become options") {
  const auto target = Address::parse("postgresql://db/it's%20a%5C%20user=root")->target;
  CHECK(target.find("dbname='it\\'s a\\\\ user=root'") != std::string::npos);
}

}  // namespace
}  // namespace fieldline::sql
