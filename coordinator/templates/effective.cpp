#include "coordinator/templates/effective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "coordinator/templates/bindings.hpp"
#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/member_report.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {
namespace {

constexpr std::string_view kSlots = "slots/";

// What the document of a part writes there.
const Layer& layer_of(const Part& part) {
  if (part.document->key.kind == DocumentKind::kInstance) return part.document->instance();
  const auto& spec = part.document->as_template();
  if (part.within.empty()) return spec;
  return spec.slots.at(part.within.substr(kSlots.size(), part.within.size() - kSlots.size() - 1));
}

template <class T>
const std::map<std::string, Partial<T>>& written_in(const Layer& layer) {
  if constexpr (std::is_same_v<T, Alarm>) {
    return layer.alarms;
  } else if constexpr (std::is_same_v<T, Attribute>) {
    return layer.attributes;
  } else {
    return layer.scripts;
  }
}

template <class T>
constexpr MemberKind member_kind() {
  if constexpr (std::is_same_v<T, Alarm>) return MemberKind::kAlarm;
  if constexpr (std::is_same_v<T, Attribute>) return MemberKind::kAttribute;
  return MemberKind::kScript;
}

template <class Field>
Json value_json(const Field& value) {
  return to_json(value);
}
template <class Field>
Json value_json(const std::optional<Field>& value) {
  return value ? to_json(*value) : Json();
}

class Describer {
 public:
  Describer(const Expansion& tree, const Document& root, std::string_view after, std::size_t limit)
      : tree_(tree), root_(root), after_(after), limit_(limit) {
    for (PartId part = 0; part < tree.parts.size(); ++part) parts_[tree.parts[part].prefix].push_back(part);
  }

  EffectivePage run() {
    describe_all(tree_.alarms);
    describe_all(tree_.attributes);
    describe_all(tree_.scripts);
    return std::move(page_);
  }

 private:
  template <class T>
  void describe_all(const Members<T>& members) {
    const auto folder = std::string(folder_of<T>()) + "/";
    const bool within = after_.starts_with(folder);
    if (!page_.next.empty() || (!within && after_ > folder)) return;
    auto at = within ? members.upper_bound(after_.substr(folder.size())) : members.begin();
    for (; at != members.end(); ++at) {
      if (page_.members.size() == limit_) {
        page_.next = last_;
        return;
      }
      page_.members.push_back(describe(at->first, at->second));
      last_ = folder + at->first;
    }
  }

  template <class T>
  EffectiveMember describe(const std::string& name, const Member<T>& member) const {
    EffectiveMember described;
    described.kind = member_kind<T>();
    described.name = name;
    described.chain = chain_of(name, member);
    for_each_field<T>([&](const auto& field, auto index) {
      if (field.name == "name") return;
      EffectiveField out;
      out.field = field.name;
      out.value = value_json(member.partial.value.*(field.member));
      out.locked = member.partial.locked.test(index);
      const auto origin = member.origins[index];
      if (is_bound<T>(name, field.name)) {
        out.how = Touch::kBinding;
        out.document = root_.key.path();
      } else if (member.partial.given.test(index)) {
        out.how = touch_of(origin, origin == member.definer);
        out.document = tree_.parts[origin].document->key.path();
      }
      described.values.push_back(std::move(out));
    });
    return described;
  }

  // Every part whose names begin where the member's scope, or one around it, does.
  template <class T>
  std::vector<ChainLink> chain_of(const std::string& name, const Member<T>& member) const {
    std::vector<PartId> touching;
    for (std::size_t scope = 0; scope != std::string::npos;) {
      if (const auto found = parts_.find(name.substr(0, scope)); found != parts_.end()) {
        for (const auto part : found->second) {
          if (written_in<T>(layer_of(tree_.parts[part])).contains(name.substr(scope)))
            touching.push_back(part);
        }
      }
      const auto dot = name.find('.', scope);
      scope = dot == std::string::npos ? dot : dot + 1;
    }
    std::ranges::sort(touching);
    std::vector<ChainLink> chain;
    for (const auto part : touching) {
      chain.push_back({tree_.parts[part].document->key.path(), touch_of(part, part == member.definer)});
    }
    if (binding_of<T>(name) != nullptr) chain.push_back({root_.key.path(), Touch::kBinding});
    return chain;
  }

  [[nodiscard]] Touch touch_of(PartId part, bool defines) const {
    const auto& written = tree_.parts[part];
    if (!defines || written.document->key.kind == DocumentKind::kInstance) return Touch::kOverride;
    for (auto at = written.source; at >= 0; at = tree_.sources[static_cast<std::size_t>(at)].via) {
      if (!tree_.sources[static_cast<std::size_t>(at)].slot.empty()) return Touch::kSlot;
    }
    return written.document->key == root_.key ? Touch::kDefined : Touch::kInherited;
  }

  template <class T>
  [[nodiscard]] const Binding* binding_of(const std::string& name) const {
    if constexpr (std::is_same_v<T, Attribute>) {
      if (root_.key.kind != DocumentKind::kInstance) return nullptr;
      const auto& bindings = root_.instance().bindings;
      const auto found = bindings.find(name);
      return found == bindings.end() ? nullptr : &found->second;
    }
    return nullptr;
  }

  template <class T>
  [[nodiscard]] bool is_bound(const std::string& name, std::string_view field) const {
    if (field != "connection" && field != "address") return false;
    const auto* binding = binding_of<T>(name);
    return binding != nullptr && (field == "connection" || !binding->address.empty());
  }

  const Expansion& tree_;
  const Document& root_;
  const std::string_view after_;
  const std::size_t limit_;
  std::unordered_map<std::string, std::vector<PartId>> parts_;  // by prefix
  std::string last_;
  EffectivePage page_;
};

void write_in(const Bound& bound, Members<Attribute>& attributes) {
  auto tie = bound.ties.begin();
  for (auto& [name, member] : attributes.own()) {
    if (tie == bound.ties.end() || tie->member != &member) continue;
    (tie++)->apply_to(member.partial.value);
  }
}

}  // namespace

Result<EffectivePage> effective_members(const Library& library, const DocumentKey& key,
                                        std::string_view after, std::size_t limit) {
  const auto* root = library.find(key);
  if (root == nullptr) return fail(ErrorCode::kNotFound, fmt::format("there is no {}", key.path()));
  Findings findings;
  auto tree = expand(library, *root, findings);
  if (!tree.complete) return fail(findings.error(key.path()));
  check_attributes(tree, findings);
  check_alarms(tree, findings);
  ScriptCheck scripts;
  check_scripts(library, tree, scripts, findings);
  if (key.kind == DocumentKind::kInstance) {
    write_in(bind(tree, library, *root, Unbound::kAllowed, findings), tree.attributes);
  }
  return Describer(tree, *root, after, limit).run();
}

}  // namespace fieldline::templates
