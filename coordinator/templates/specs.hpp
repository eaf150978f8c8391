// What documents say, by kind. Keys of members are paths relative to where they are written: one
// without a dot names a member of one's own, "Pump1.Speed" the member Speed of the slot Pump1.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "coordinator/templates/partial.hpp"

namespace fieldline::templates {

struct SiteSpec {
  std::string description;
  std::vector<std::string> nodes;  // by name: a pair, or one

  static constexpr auto fields =
      fields_in_order(defaulted("description", &SiteSpec::description), defaulted("nodes", &SiteSpec::nodes));
  friend bool operator==(const SiteSpec&, const SiteSpec&) = default;
};

struct ConnectionSpec {
  std::string endpoint;
  std::map<std::string, std::string> options;
  Protocol protocol = Protocol::kModbusTcp;

  static constexpr auto fields = fields_in_order(defaulted("endpoint", &ConnectionSpec::endpoint),
                                                 defaulted("options", &ConnectionSpec::options),
                                                 required("protocol", &ConnectionSpec::protocol));
  friend bool operator==(const ConnectionSpec&, const ConnectionSpec&) = default;
};

// Members as one place of one document writes them.
struct Layer {
  std::map<std::string, Partial<Alarm>> alarms;
  std::map<std::string, Partial<Attribute>> attributes;
  std::map<std::string, Partial<Script>> scripts;

  friend bool operator==(const Layer&, const Layer&) = default;
};

// A part of a template that is built as another template says. Derived templates may reopen it.
struct Slot : Layer {
  std::vector<std::string> locked;  // "template": derived templates may not fill it otherwise
  std::string template_name;        // empty: as the ancestors say

  static constexpr auto fields =
      fields_in_order(defaulted("alarms", &Slot::alarms), defaulted("attributes", &Slot::attributes),
                      defaulted("locked", &Slot::locked), defaulted("scripts", &Slot::scripts),
                      defaulted("template", &Slot::template_name));
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct TemplateSpec : Layer {
  std::string description;
  std::string parent;  // empty: none
  std::map<std::string, Slot> slots;

  static constexpr auto fields = fields_in_order(
      defaulted("alarms", &TemplateSpec::alarms), defaulted("attributes", &TemplateSpec::attributes),
      defaulted("description", &TemplateSpec::description), defaulted("parent", &TemplateSpec::parent),
      defaulted("scripts", &TemplateSpec::scripts), defaulted("slots", &TemplateSpec::slots));
  friend bool operator==(const TemplateSpec&, const TemplateSpec&) = default;
};

// Where an addressed attribute gets its value.
struct Binding {
  std::string address;     // empty: the attribute's own
  std::string connection;  // of the instance's site

  static constexpr auto fields =
      fields_in_order(defaulted("address", &Binding::address), required("connection", &Binding::connection));
  friend bool operator==(const Binding&, const Binding&) = default;
};

struct InstanceSpec : Layer {
  std::string area;
  std::map<std::string, Binding> bindings;  // by attribute
  std::string site;
  std::string template_name;

  static constexpr auto fields = fields_in_order(
      defaulted("alarms", &InstanceSpec::alarms), defaulted("area", &InstanceSpec::area),
      defaulted("attributes", &InstanceSpec::attributes), defaulted("bindings", &InstanceSpec::bindings),
      defaulted("scripts", &InstanceSpec::scripts), required("site", &InstanceSpec::site),
      required("template", &InstanceSpec::template_name));
  friend bool operator==(const InstanceSpec&, const InstanceSpec&) = default;
};

// In the order of DocumentKind.
using Spec = std::variant<SiteSpec, ConnectionSpec, TemplateSpec, InstanceSpec>;

}  // namespace fieldline::templates
