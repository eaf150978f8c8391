#include "coordinator/security/secret_box_file.hpp"

#include <fmt/format.h>

#include <system_error>

#include "coordinator/templates/sealing.hpp"

namespace fieldline::security {

Result<SecretBox> open_secret_box(const std::filesystem::path& path, database::DocumentRecords& records) {
  const auto secrets = records.secrets();
  if (!secrets) return fail(secrets.error());
  std::error_code ignored;
  if (!secrets->empty() && !std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
    return fail(ErrorCode::kNotFound,
                fmt::format("the key file is missing under which the {} secrets of the database are sealed: "
                            "restore it from its backup",
                            secrets->size()),
                path.string());
  auto box = SecretBox::load_or_create(path);
  if (!box) return box;
  for (const auto& secret : *secrets) {
    if (!templates::open_sealed(secret.text, secret.place, *box))
      return fail(
          ErrorCode::kCorrupt,
          fmt::format("the key in the file is not the one under which {} is sealed: restore it from its "
                      "backup",
                      secret.place),
          path.string());
  }
  return box;
}

}  // namespace fieldline::security
