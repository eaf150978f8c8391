#include "coordinator/deployment/bulk_selection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldline::deployment {
namespace {

bool in_area(const std::string& area, const std::string& wanted) {
  return wanted.empty() || area == wanted || area.starts_with(wanted + "/");
}

bool is_stale(const std::string& instance, const BulkChoice& from) {
  const auto by_name = [](const Deployed& deployed) -> const std::string& { return deployed.instance; };
  const auto deployed = std::ranges::lower_bound(from.deployed, instance, {}, by_name);
  if (deployed == from.deployed.end() || deployed->instance != instance) return false;
  return from.derived->is_stale(*deployed);
}

bool matches(const templates::Document& document, const BulkSelection& selection, const BulkChoice& from) {
  const auto& spec = document.instance();
  return spec.site == from.site && in_area(spec.area, selection.area) &&
         (selection.template_name.empty() || spec.template_name == selection.template_name) &&
         (!selection.stale || is_stale(document.key.name, from));
}

}  // namespace

Result<std::vector<std::string>> select(const BulkSelection& selection, const BulkChoice& from) {
  std::vector<std::string> chosen;
  if (!selection.instances) {
    for (const auto& document : from.library.all(templates::DocumentKind::kInstance)) {
      if (matches(*document, selection, from)) chosen.push_back(document->key.name);
    }
    return chosen;
  }
  for (const auto& name : *selection.instances) {
    const auto* document = from.library.find(templates::DocumentKind::kInstance, name);
    if (document == nullptr || document->instance().site != from.site)
      return fail(ErrorCode::kNotFound, fmt::format("there is no instance '{}' at {}", name, from.site));
    if (matches(*document, selection, from)) chosen.push_back(name);
  }
  std::ranges::sort(chosen);
  const auto [first, last] = std::ranges::unique(chosen);
  chosen.erase(first, last);
  return chosen;
}

}  // namespace fieldline::deployment
