#include "coordinator/templates/expansion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "common/model/names.hpp"
#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/lineage.hpp"

namespace fieldline::templates {
namespace {

// The first source, whichever the instance is: so that many can share a tree.
constexpr std::int64_t kInstanceSource = 0;

std::size_t weight(const std::string& text) {
  return text.size();
}
std::size_t weight(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? text->size() : 0;
}
std::size_t weight(const ScriptTrigger& trigger) {
  std::size_t sum = 0;
  for (const auto& attribute : trigger.attributes) sum += attribute.size();
  if (trigger.condition) sum += weight(trigger.condition->attribute) + weight(trigger.condition->value);
  return sum;
}
template <class T>
std::size_t weight(const T&) {
  return 0;
}

class Expander {
 public:
  Expander(const Library& library, const Document& root, Findings& findings)
      : library_(library), root_(root), findings_(findings) {}

  Expansion run() {
    tree_.sources.emplace_back();
    if (root_.key.kind == DocumentKind::kTemplate) {
      expand_template(root_, kInstanceSource, "", "");
    } else {
      expand_instance();
    }
    tree_.alarms.settle();
    tree_.attributes.settle();
    tree_.scripts.settle();
    return std::move(tree_);
  }

  Expansion run_over(std::shared_ptr<const Expansion> base) {
    tree_ = Expansion(std::move(base));
    apply_instance();
    return std::move(tree_);
  }

 private:
  struct FilledSlot {
    std::string template_name;
    bool locked = false;
    std::int64_t declared_by = 0;  // source
    std::string path;
  };
  using Slots = std::map<std::string, FilledSlot>;

  void refuse(FindingCode code, std::string path, std::string message) {
    tree_.complete = false;
    findings_.add(code, std::move(path), std::move(message));
  }

  void expand_instance() {
    const auto& spec = root_.instance();
    const auto* document = library_.find(DocumentKind::kTemplate, spec.template_name);
    if (document == nullptr) {
      return refuse(FindingCode::kUnknownTemplate, root_.key.path() + "/template",
                    fmt::format("there is no template {}", spec.template_name));
    }
    expand_template(*document, kInstanceSource, "", "");
    apply_instance();
  }

  void apply_instance() { apply(root_.instance(), add_part(root_, kInstanceSource, "", ""), false); }

  // `slot` is the one that the template fills, empty for none.
  void expand_template(const Document& target, std::int64_t via, const std::string& prefix,
                       const std::string& slot) {
    if (!enter(target)) return;
    const auto lineage = lineage_of(library_, target, findings_);
    tree_.complete = tree_.complete && !lineage.empty();
    const auto sources = sources_of(lineage, via, slot);
    const auto slots = fill_slots(lineage, sources);
    for (const auto& [name, filled] : slots) expand_slot(filled, prefix, name);
    for (std::size_t i = 0; i < lineage.size() && within_budget(); ++i) {
      apply_level(*lineage[i], sources[i], prefix, slots);
    }
    entered_.pop_back();
  }

  // False when the tree goes no further here.
  bool enter(const Document& target) {
    if (!within_budget()) return false;
    const auto again = std::find(entered_.begin(), entered_.end(), &target);
    if (again != entered_.end()) {
      refuse_cycle({again, entered_.end()});
      return false;
    }
    if (entered_.size() == kMaxDepth) {
      refuse(FindingCode::kTooDeep, entered_.front()->key.path() + "/slots",
             fmt::format("slots within slots go deeper than {}", kMaxDepth));
      return false;
    }
    entered_.push_back(&target);
    return true;
  }

  void refuse_cycle(std::vector<const Document*> cycle) {
    tree_.complete = false;
    report_cycle(FindingCode::kCompositionCycle, std::move(cycle), "/slots", "holds itself in a slot",
                 findings_);
  }

  // The youngest first brings in its parent, and so on.
  std::vector<std::int64_t> sources_of(const Lineage& lineage, std::int64_t via, const std::string& slot) {
    std::vector<std::int64_t> sources(lineage.size());
    for (std::size_t i = lineage.size(); i-- > 0;) {
      via = add_source(*lineage[i], OriginKind::kTemplate, via, i + 1 == lineage.size() ? slot : "");
      sources[i] = via;
    }
    return sources;
  }

  std::int64_t add_source(const Document& document, OriginKind kind, std::int64_t via, std::string slot) {
    tree_.sources.push_back({document.key.path(), kind, document.revision, std::move(slot), via});
    return static_cast<std::int64_t>(tree_.sources.size() - 1);
  }

  PartId add_part(const Document& document, std::int64_t source, std::string prefix, std::string within) {
    spend(1, 0);
    tree_.parts.push_back({&document, source, std::move(prefix), std::move(within)});
    const auto below = tree_.base != nullptr ? tree_.base->parts.size() : 0;
    return static_cast<PartId>(below + tree_.parts.size() - 1);
  }

  Slots fill_slots(const Lineage& lineage, const std::vector<std::int64_t>& sources) {
    Slots slots;
    for (std::size_t i = 0; i < lineage.size(); ++i) {
      for (const auto& [name, slot] : lineage[i]->as_template().slots) {
        fill_slot(slots[name], slot, sources[i], fmt::format("{}/slots/{}", lineage[i]->key.path(), name));
      }
    }
    return slots;
  }

  void fill_slot(FilledSlot& filled, const Slot& slot, std::int64_t source, std::string path) {
    if (filled.path.empty()) filled.path = path;
    if (!slot.template_name.empty() && slot.template_name != filled.template_name) {
      if (filled.locked) {
        return findings_.add(
            FindingCode::kMemberLocked, path + "/template",
            fmt::format("an ancestor locks this slot to the template {}", filled.template_name));
      }
      filled.template_name = slot.template_name;
      filled.declared_by = source;
      filled.path = std::move(path);
    }
    filled.locked = filled.locked || !slot.locked.empty();
  }

  void expand_slot(const FilledSlot& slot, const std::string& prefix, const std::string& name) {
    if (slot.template_name.empty()) {
      return refuse(FindingCode::kMissingField, slot.path, "a slot needs a template");
    }
    const auto* document = library_.find(DocumentKind::kTemplate, slot.template_name);
    if (document == nullptr) {
      return refuse(FindingCode::kUnknownTemplate, slot.path + "/template",
                    fmt::format("there is no template {}", slot.template_name));
    }
    expand_template(*document, slot.declared_by, prefix + name + ".", name);
  }

  void apply_level(const Document& document, std::int64_t source, const std::string& prefix,
                   const Slots& slots) {
    const auto& spec = document.as_template();
    for (const auto& [name, slot] : spec.slots) {
      apply(slot, add_part(document, source, prefix + name + ".", fmt::format("slots/{}/", name)), false);
    }
    const auto part = add_part(document, source, prefix, "");
    for (const auto& [name, slot] : slots) {
      if (spec.attributes.contains(name)) collide(part, "attributes", name);
      if (spec.alarms.contains(name)) collide(part, "alarms", name);
      if (spec.scripts.contains(name)) collide(part, "scripts", name);
    }
    apply(spec, part, true);
  }

  void collide(PartId part, std::string_view folder, const std::string& name) {
    findings_.add(FindingCode::kNameCollision, tree_.path(part, folder, tree_.part(part).prefix + name),
                  fmt::format("{} is the name of a slot, too; rename one of them", name));
  }

  void apply(const Layer& layer, PartId part, bool may_define) {
    apply(layer.attributes, tree_.attributes, "attributes", part, may_define);
    apply(layer.alarms, tree_.alarms, "alarms", part, may_define);
    apply(layer.scripts, tree_.scripts, "scripts", part, may_define);
  }

  template <class T>
  void apply(const std::map<std::string, Partial<T>>& written, Members<T>& members, std::string_view folder,
             PartId part, bool may_define) {
    for (const auto& [key, partial] : written) {
      if (!within_budget()) return;
      const auto full_name = tree_.part(part).prefix + key;
      auto* member = members.edit(full_name);
      if (member == nullptr) {
        if (!may_define || key.find('.') != std::string::npos) {
          refuse_override(part, folder, full_name);
          continue;
        }
        member = define(members, full_name, part, folder);
      }
      merge(partial, *member, part, [&] { return tree_.path(part, folder, full_name); });
    }
  }

  // Where parts of the tree are missing already, what is missing is no news.
  void refuse_override(PartId part, std::string_view folder, const std::string& full_name) {
    if (!tree_.complete) return;
    findings_.add(FindingCode::kUnknownMember, tree_.path(part, folder, full_name),
                  "there is no such member to override");
  }

  template <class T>
  Member<T>* define(Members<T>& members, const std::string& full_name, PartId part, std::string_view folder) {
    if (!is_member_path(full_name)) {
      refuse(FindingCode::kNameTooLong, tree_.path(part, folder, full_name),
             fmt::format("its full path {}… is longer than 1024", full_name.substr(0, 64)));
    }
    spend(1, full_name.size());
    auto* member = members.define(full_name);
    member->definer = part;
    member->origins.fill(part);
    return member;
  }

  template <class T, class Path>
  void merge(const Partial<T>& written, Member<T>& member, PartId part, const Path& path) {
    for_each_field<T>([&](const auto& field, auto index) {
      if (!written.given.test(index)) return;
      if (member.partial.locked.test(index)) {
        return findings_.add(
            FindingCode::kMemberLocked, fmt::format("{}/{}", path(), field.name),
            fmt::format("{} locks this field", tree_.part(member.origins[index]).document->key.path()));
      }
      member.partial.value.*(field.member) = written.value.*(field.member);
      member.origins[index] = part;
      spend(0, weight(written.value.*(field.member)));
    });
    member.partial.given |= written.given;
    member.partial.locked |= written.locked;
  }

  void spend(std::size_t members, std::size_t text) {
    tree_.members_spent += members;
    tree_.text_spent += text;
  }

  // Reports once when the tree is too large, and from then on lets everyone stop.
  bool within_budget() {
    if (exhausted_) return false;
    if (tree_.members_spent <= kMaxMembers && tree_.text_spent <= kMaxExpandedText) return true;
    exhausted_ = true;
    const auto top = root_.key.path();
    if (tree_.members_spent > kMaxMembers) {
      refuse(FindingCode::kTooManyMembers, top,
             fmt::format("it expands to more than {} members and slots", kMaxMembers));
    } else {
      refuse(FindingCode::kConfigurationTooLarge, top,
             fmt::format("its members hold more than {} MiB of text", kMaxExpandedText >> 20));
    }
    return false;
  }

  const Library& library_;
  const Document& root_;
  Findings& findings_;
  Expansion tree_;
  std::vector<const Document*> entered_;  // the templates whose slots lead here, outermost first
  bool exhausted_ = false;
};

}  // namespace

Expansion::Expansion(std::shared_ptr<const Expansion> shared)
    : artifacts(shared->artifacts),
      base(std::move(shared)),
      members_spent(base->members_spent),
      text_spent(base->text_spent) {
  alarms.share(base->alarms);
  attributes.share(base->attributes);
  scripts.share(base->scripts);
}

const Part& Expansion::part(PartId id) const {
  if (base == nullptr) return parts[id];
  return id < base->parts.size() ? base->parts[id] : parts[id - base->parts.size()];
}

std::string Expansion::path(PartId id, std::string_view folder, std::string_view name) const {
  const auto& written = part(id);
  return fmt::format("{}/{}{}/{}", written.document->key.path(), written.within, folder,
                     name.substr(written.prefix.size()));
}

std::string_view scope_of(std::string_view member) {
  const auto dot = member.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : member.substr(0, dot + 1);
}

Expansion expand(const Library& library, const Document& root, Findings& findings) {
  return Expander(library, root, findings).run();
}

Expansion expand_over(std::shared_ptr<const Expansion> base, const Library& library, const Document& instance,
                      Findings& findings) {
  return Expander(library, instance, findings).run_over(std::move(base));
}

}  // namespace fieldline::templates
