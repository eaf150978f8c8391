#include "coordinator/deployment/comparing.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/wire/codec.hpp"
#include "common/wire/config.hpp"

namespace fieldline::deployment {

Result<std::optional<FlatConfig>> open_config(const StoredConfig& sent) {
  if (!sent) return std::nullopt;
  auto config = wire::open_config(sent->bytes, sent->revision);
  if (!config) return fail(std::move(config.error()));
  return std::move(*config);
}

Result<DeployedConfig> opened(const Deployed& deployed, const StoredConfig& sent) {
  auto config = open_config(sent);
  if (!config) return fail(std::move(config.error()));
  DeployedConfig whole{deployed, std::move(*config), std::nullopt};
  if (!sent || sent->provenance.empty()) return whole;
  auto provenance = wire::decode<templates::Provenance>(sent->provenance);
  if (!provenance)
    return fail(ErrorCode::kCorrupt, provenance.error().message, "sent_configs, column provenance");
  whole.provenance = std::move(*provenance);
  return whole;
}

Result<Comparison> compare(templates::Flattener& flattener, const std::string& instance,
                           const std::optional<Deployed>& deployed, const StoredConfig& sent) {
  const auto derived = flattener.flatten(instance);
  if (!derived) return fail(derived.error());
  const templates::Side now{&derived->config, &derived->provenance};
  if (!deployed)
    return Comparison{
        {}, derived->revision, templates::diff({}, now), derived->config.site, derived->config.artifacts};
  const auto whole = opened(*deployed, sent);
  if (!whole) return fail(whole.error());
  if (!whole->config)
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("{} runs revision {}, which central never sent: it can't be compared, but replaced",
                    instance, deployed->revision));
  return Comparison{
      deployed->revision, derived->revision,
      templates::diff({&*whole->config, whole->provenance ? &*whole->provenance : nullptr}, now),
      derived->config.site, derived->config.artifacts};
}

}  // namespace fieldline::deployment
