// The key under which the secrets of documents are sealed. Made at the first start; refuses to be made
// anew once anything is sealed. Waits for the disk and the database: for starting up.
#pragma once

#include <filesystem>

#include "common/base/secret_box.hpp"
#include "coordinator/database/documents.hpp"

namespace fieldline::security {

// Errors name the file: it is missing, is not the owner's alone, holds no key, or holds another than
// that of the stored secrets.
Result<SecretBox> open_secret_box(const std::filesystem::path& path, database::DocumentRecords& records);

}  // namespace fieldline::security
