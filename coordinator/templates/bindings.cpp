#include "coordinator/templates/bindings.hpp"

#include <fmt/format.h>

#include <string_view>

#include "common/model/connection_options.hpp"
#include "common/model/field_address.hpp"

namespace fieldline::templates {
namespace {

class Binder {
 public:
  Binder(const Expansion& tree, const Library& library, const Document& instance, Findings& findings)
      : tree_(tree), library_(library), instance_(instance), findings_(findings) {}

  // Attributes and bindings are sorted alike.
  Bound run(Unbound unbound) {
    const auto& bindings = instance_.instance().bindings;
    auto next = bindings.begin();
    for (const auto& [name, member] : tree_.attributes) {
      while (next != bindings.end() && next->first < name) refuse_unknown((next++)->first);
      if (next != bindings.end() && next->first == name) {
        bind_one(name, member, (next++)->second);
      } else if (unbound == Unbound::kRefused && !member.partial.value.address.empty()) {
        refuse(
            FindingCode::kAddressNotBound, name,
            fmt::format("its address {} needs a connection to read it from", member.partial.value.address));
      }
    }
    while (next != bindings.end()) refuse_unknown((next++)->first);
    return std::move(bound_);
  }

 private:
  using Taken = std::map<std::string_view, std::string_view>;  // address → attribute

  void refuse(FindingCode code, const std::string& attribute, std::string message) {
    findings_.add(code, fmt::format("{}/bindings/{}", instance_.key.path(), attribute), std::move(message));
  }

  void refuse_unknown(const std::string& attribute) {
    refuse(FindingCode::kUnknownAttribute, attribute, "there is no such attribute to bind");
  }

  void bind_one(const std::string& name, const Member<Attribute>& member, const Binding& binding) {
    if (member.partial.value.address.empty()) {
      return refuse(FindingCode::kNotAddressed, name,
                    "its template gives this attribute no address, so it is not read from the field");
    }
    const auto* connection = connection_named(binding.connection);
    if (connection == nullptr) {
      return refuse(
          FindingCode::kUnknownConnection, name,
          fmt::format("the site {} has no connection {}", instance_.instance().site, binding.connection));
    }
    bound_.ties.push_back({&member, &binding});
    check_bound(name, member.partial.value, binding, *connection);
  }

  const Document* connection_named(const std::string& name) {
    if (const auto known = bound_.documents.find(name); known != bound_.documents.end()) return known->second;
    const auto* document = library_.find(connection_key(instance_.instance().site, name));
    if (document != nullptr) bound_.documents.emplace(name, document);
    return document;
  }

  void check_bound(const std::string& name, const Attribute& attribute, const Binding& binding,
                   const Document& connection) {
    const auto& address = binding.address.empty() ? attribute.address : binding.address;
    const auto fit =
        check_address(connection.connection().protocol, address, attribute.type, attribute.writable);
    if (!fit) refuse(FindingCode::kInvalidAddress, name, fit.error().message);
    const auto [first, is_first] = taken_[&connection].try_emplace(address, name);
    if (!is_first) {
      refuse(FindingCode::kBoundTwice, name,
             fmt::format("{} of {} is bound to {} already", address, binding.connection, first->second));
    }
  }

  const Expansion& tree_;
  const Library& library_;
  const Document& instance_;
  Findings& findings_;
  Bound bound_;
  std::map<const Document*, Taken> taken_;
};

}  // namespace

Bound bind(const Expansion& tree, const Library& library, const Document& instance, Unbound unbound,
           Findings& findings) {
  return Binder(tree, library, instance, findings).run(unbound);
}

void check_site(const Library& library, const Document& instance, Findings& findings) {
  const auto& site = instance.instance().site;
  if (library.find(DocumentKind::kSite, site) != nullptr) return;
  findings.add(FindingCode::kUnknownSite, instance.key.path() + "/site",
               fmt::format("there is no site {}", site));
}

void check_connection(const Library& library, const Document& connection, Findings& findings) {
  const auto path = connection.key.path();
  const auto site = connection.key.name.substr(0, connection.key.name.find('/'));
  if (library.find(DocumentKind::kSite, site) == nullptr) {
    findings.add(FindingCode::kUnknownSite, path, fmt::format("there is no site {}", site));
  }
  const auto checked = check_options(connection_of(connection));
  if (checked) return;
  if (checked.error().findings.empty()) {
    findings.add(FindingCode::kInvalidConnection, path, checked.error().message);
  }
  for (const auto& finding : checked.error().findings) {
    findings.add(FindingCode::kInvalidConnection, fmt::format("{}/{}", path, finding.path), finding.message);
  }
}

}  // namespace fieldline::templates
