#include "coordinator/deployment/comparing.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/model/json.hpp"
#include "common/wire/config.hpp"

namespace fieldline::deployment {

Result<DeployedConfig> opened(const Deployed& deployed, const StoredConfig& sent) {
  DeployedConfig whole{deployed, std::nullopt, std::nullopt};
  if (!sent) return whole;
  auto config = wire::open_config(sent->bytes, sent->revision);
  if (!config) return fail(std::move(config.error()));
  whole.config = std::move(*config);
  templates::Provenance provenance;
  if (auto read = from_json(Json::parse(sent->provenance, nullptr, false), provenance); !read)
    return fail(ErrorCode::kCorrupt, read.error().message, "sent_configs, column provenance");
  whole.provenance = std::move(provenance);
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
  return Comparison{deployed->revision, derived->revision,
                    templates::diff({&*whole->config, &*whole->provenance}, now), derived->config.site,
                    derived->config.artifacts};
}

}  // namespace fieldline::deployment
