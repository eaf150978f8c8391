// Finds a secret in what a coordinator said or left behind, as it is and as it may be written down. For
// tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fieldline::api::test {

bool shows(const std::string& text, const std::string& secret);
// The files below `folder` that show it.
std::vector<std::filesystem::path> showing(const std::filesystem::path& folder, const std::string& secret);

}  // namespace fieldline::api::test
