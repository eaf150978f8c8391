// Whose change made a difference between what is deployed and what is derived. A place is a document
// where it took part: brought in by another place, perhaps into one of its slots. What differs is the
// doing of the place nearest to it that is on both sides, and was edited.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/model/json.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

// An edit of a document. Where both revisions are the same, no edit made the difference, but another
// version of this program did.
struct Cause {
  std::string document;  // "templates/Pump"
  OriginKind kind = OriginKind::kTemplate;
  std::optional<Revision> from;  // of the document as deployed; absent: it took no part
  std::optional<Revision> to;    // of the document now; absent: it takes no part any more

  [[nodiscard]] bool is_edit() const { return from != to; }
  friend auto operator<=>(const Cause&, const Cause&) = default;
};

// Stands beside those for all other types.
using fieldline::to_json;
// Both revisions are always there, null when absent.
Json to_json(const Cause& cause);

// A field of a member; `member` is a key of Provenance::members, or the instance itself when empty;
// `field` empty stands for the member as a whole.
struct FieldPlace {
  std::string member;
  std::string field;
};

// Compares the documents behind two configurations. Either side may be unknown (null); both must
// outlive this.
class Causes {
 public:
  Causes(const Provenance* deployed, const Provenance* derived);

  // `depends_on`: what else the value of the field is made of, such as an attribute's type.
  [[nodiscard]] Cause of(const FieldPlace& field, const FieldPlace* depends_on = nullptr) const;
  // Of what no document says.
  [[nodiscard]] Cause of_program() const;

 private:
  using PlaceId = std::size_t;
  struct Place {
    const Source* then = nullptr;
    const Source* now = nullptr;
    [[nodiscard]] bool edited() const {
      return then != nullptr && now != nullptr && then->revision != now->revision;
    }
  };
  // From the place that gave a field up to the instance.
  struct Chain {
    std::vector<PlaceId> places;
    bool defines = false;  // the place that gave the field also defined its member
  };
  // One of the two configurations.
  struct Side {
    const Provenance* provenance = nullptr;
    std::vector<PlaceId> places;  // by source
  };
  // Brought in by, document, slot. Of the instance: 0 and no slot; other places count from 1.
  using PlaceKey = std::tuple<PlaceId, std::string_view, std::string_view>;

  Side enter(const Provenance* provenance, const Source* Place::*side, std::map<PlaceKey, PlaceId>& known);
  [[nodiscard]] Chain chain_of(const Side& side, const FieldPlace& field) const;
  [[nodiscard]] const Place* edit_on(const Chain& chain) const;
  [[nodiscard]] const Place* fork_of(const Chain& then, const Chain& now) const;
  [[nodiscard]] const Place* edit_of(const FieldPlace& field) const;
  [[nodiscard]] const Place* edit_of_member(const std::string& member) const;
  [[nodiscard]] const Place* any_edit() const;
  [[nodiscard]] Cause unedited(const FieldPlace& field) const;
  [[nodiscard]] Cause cause_at(const Place& place) const;

  std::vector<Place> places_{1};  // the first is none
  Side then_;
  Side now_;
};

}  // namespace fieldline::templates
