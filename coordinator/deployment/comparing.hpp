// What was sent to a site against what would be sent now. Pure: runs on a worker.
#pragma once

#include <optional>
#include <string>

#include "coordinator/deployment/deployment.hpp"
#include "coordinator/templates/flatten.hpp"

namespace fieldline::deployment {

using StoredConfig = std::optional<database::SentConfig>;

// Both: kCorrupt when what is stored can't be read.
Result<std::optional<FlatConfig>> open_config(const StoredConfig& sent);
Result<DeployedConfig> opened(const Deployed& deployed, const StoredConfig& sent);

// Without `deployed`: nothing is. kNotFound; kValidationFailed with all findings; kUnavailable when the
// bytes of the deployed revision are not known.
Result<Comparison> compare(templates::Flattener& flattener, const std::string& instance,
                           const std::optional<Deployed>& deployed, const StoredConfig& sent);

}  // namespace fieldline::deployment
