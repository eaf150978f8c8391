// Where each field of a flat configuration comes from. It is stored beside a deployed configuration,
// so that a later diff can name the cause of each difference.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::templates {

enum class OriginKind { kTemplate, kOverride, kBinding, kConnection, kArtifact };

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::OriginKind> =
    std::to_array<std::string_view>({"template", "override", "binding", "connection", "artifact"});

namespace fieldline::templates {

// A document that took part, once for each place that brought it in.
struct Source {
  std::string document;  // "templates/Pump"
  OriginKind kind = OriginKind::kTemplate;
  Revision revision;      // of the document
  std::string slot;       // of the document behind `via`, which this one fills; empty: it fills none
  std::int64_t via = -1;  // index of the source that brought it in; -1: it is the instance

  static constexpr auto fields =
      fields_in_order(required("document", &Source::document), required("kind", &Source::kind),
                      required("revision", &Source::revision), defaulted("slot", &Source::slot),
                      required("via", &Source::via));
  friend bool operator==(const Source&, const Source&) = default;
};

// By index of sources.
struct MemberOrigin {
  std::int64_t definer = 0;
  std::map<std::string, std::int64_t> overridden;  // fields that do not come from the definer

  static constexpr auto fields = fields_in_order(required("definer", &MemberOrigin::definer),
                                                 defaulted("overridden", &MemberOrigin::overridden));
  friend bool operator==(const MemberOrigin&, const MemberOrigin&) = default;
};

struct Provenance {
  std::map<std::string, MemberOrigin>
      members;                  // "attributes/Pump1.Speed", "artifacts/shared-scripts/filters"
  std::vector<Source> sources;  // the first is the instance

  static constexpr auto fields =
      fields_in_order(required("members", &Provenance::members), required("sources", &Provenance::sources));
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

}  // namespace fieldline::templates
