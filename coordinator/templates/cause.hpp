// Whose change made a difference between what is deployed and what is derived.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

struct Cause {
  std::string document;  // "templates/Pump"
  OriginKind kind = OriginKind::kTemplate;
  Revision revision;  // of the document now; as it was at the deployment when it no longer takes part

  static constexpr auto fields =
      fields_in_order(required("document", &Cause::document), required("kind", &Cause::kind),
                      required("revision", &Cause::revision));
  friend bool operator==(const Cause&, const Cause&) = default;
};

// Compares the documents behind two configurations. Either side may be unknown (null); both must
// outlive this.
class Causes {
 public:
  Causes(const Provenance* deployed, const Provenance* derived);

  // `member` is a key of Provenance::members, or the instance itself when empty; `field` empty asks
  // for the member as a whole.
  [[nodiscard]] Cause of(const std::string& member, std::string_view field) const;

 private:
  using Revisions = std::map<std::string_view, const Revision*>;  // by document
  using Chain = std::vector<const Source*>;

  enum class Fate { kUnchanged, kEdited, kOnOneSide };

  static Revisions revisions_of(const Provenance* provenance);
  static Chain chain_of(const Provenance* provenance, const std::string& member, std::string_view field);
  [[nodiscard]] Fate fate_of(const Source& source) const;
  [[nodiscard]] Chain suspects(const std::string& member, std::string_view field) const;

  const Provenance* deployed_;
  const Provenance* derived_;
  Revisions then_;
  Revisions now_;
};

}  // namespace fieldline::templates
