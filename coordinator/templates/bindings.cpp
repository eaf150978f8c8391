#include "coordinator/templates/bindings.hpp"

#include <fmt/format.h>

#include "common/model/connection_options.hpp"
#include "common/model/field_address.hpp"

namespace fieldline::templates {
namespace {

class Binder {
 public:
  Binder(Expansion& tree, const Library& library, const Document& instance, Findings& findings)
      : tree_(tree), library_(library), instance_(instance), findings_(findings) {}

  Bound run(Unbound unbound) {
    const auto& bindings = instance_.instance().bindings;
    for (const auto& [name, binding] : bindings) {
      const auto found = tree_.attributes.find(name);
      if (found == tree_.attributes.end()) {
        refuse(FindingCode::kUnknownAttribute, name, "there is no such attribute to bind");
      } else {
        bind_one(found->second.partial.value, binding);
      }
    }
    if (unbound == Unbound::kRefused) refuse_unbound();
    for (const auto& [name, document] : bound_.documents)
      bound_.connections.push_back(connection_of(*document));
    return std::move(bound_);
  }

 private:
  void refuse(FindingCode code, const std::string& attribute, std::string message) {
    findings_.add(code, fmt::format("{}/bindings/{}", instance_.key.path(), attribute), std::move(message));
  }

  void bind_one(Attribute& attribute, const Binding& binding) {
    if (attribute.address.empty()) {
      return refuse(FindingCode::kNotAddressed, attribute.name,
                    "its template gives this attribute no address, so it is not read from the field");
    }
    const auto& site = instance_.instance().site;
    const auto* document = library_.find(connection_key(site, binding.connection));
    if (document == nullptr) {
      return refuse(FindingCode::kUnknownConnection, attribute.name,
                    fmt::format("the site {} has no connection {}", site, binding.connection));
    }
    if (!binding.address.empty()) {
      attribute.address = binding.address;
      bound_.readdressed.push_back(attribute.name);
    }
    attribute.connection = binding.connection;
    bound_.documents.emplace(binding.connection, document);
    check_bound(attribute, *document);
  }

  void check_bound(const Attribute& attribute, const Document& connection) {
    const auto fit = check_address(connection.connection().protocol, attribute.address, attribute.type,
                                   attribute.writable);
    if (!fit) refuse(FindingCode::kInvalidAddress, attribute.name, fit.error().message);
    const auto [first, is_first] =
        taken_.try_emplace({attribute.connection, attribute.address}, attribute.name);
    if (!is_first) {
      refuse(FindingCode::kBoundTwice, attribute.name,
             fmt::format("{} of {} is bound to {} already", attribute.address, attribute.connection,
                         first->second));
    }
  }

  void refuse_unbound() {
    for (const auto& [name, member] : tree_.attributes) {
      if (member.partial.value.address.empty() || instance_.instance().bindings.contains(name)) continue;
      refuse(FindingCode::kAddressNotBound, name,
             fmt::format("its address {} needs a connection to read it from", member.partial.value.address));
    }
  }

  Expansion& tree_;
  const Library& library_;
  const Document& instance_;
  Findings& findings_;
  Bound bound_;
  std::map<std::pair<std::string, std::string>, std::string> taken_;  // connection and address → attribute
};

}  // namespace

Bound bind(Expansion& tree, const Library& library, const Document& instance, Unbound unbound,
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
