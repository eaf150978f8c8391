// What documents say, by kind. Keys of members are paths relative to where they are written: one
// without a dot names a member of one's own, "Pump1.Speed" the member Speed of the slot Pump1.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/artifact.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "coordinator/templates/partial.hpp"
#include "coordinator/templates/secret.hpp"

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

// A Lua module: scripts read what it returns as shared.<name>.
struct SharedScriptSpec {
  std::string description;
  std::string source;  // Lua 5.4

  static constexpr auto fields = fields_in_order(defaulted("description", &SharedScriptSpec::description),
                                                 required("source", &SharedScriptSpec::source));
  friend bool operator==(const SharedScriptSpec&, const SharedScriptSpec&) = default;
};

// How requests to an external system say who sends them.
struct AuthSpec {
  AuthKind kind = AuthKind::kNone;
  std::string name;  // header: its name, as value is its value
  Secret password;   // basic, as is user
  Secret token;      // bearer
  std::string user;
  Secret value;

  static constexpr auto fields =
      fields_in_order(required("kind", &AuthSpec::kind), defaulted("name", &AuthSpec::name),
                      defaulted("password", &AuthSpec::password), defaulted("token", &AuthSpec::token),
                      defaulted("user", &AuthSpec::user), defaulted("value", &AuthSpec::value));
  friend bool operator==(const AuthSpec&, const AuthSpec&) = default;
};

// An HTTP service that scripts call, or send to by store and forward.
struct ExternalSystemSpec {
  AuthSpec auth;
  std::string base_url;
  std::string description;
  std::map<std::string, std::string> headers;  // of every request
  bool ordered = false;                        // what can't be delivered blocks what follows
  Duration retry_interval = std::chrono::seconds(30);
  std::int64_t retry_limit = 10;                // retries before what is sent is parked
  Duration timeout = std::chrono::seconds(30);  // of one request

  static constexpr auto fields = fields_in_order(
      defaulted("auth", &ExternalSystemSpec::auth), required("base_url", &ExternalSystemSpec::base_url),
      defaulted("description", &ExternalSystemSpec::description),
      defaulted("headers", &ExternalSystemSpec::headers), defaulted("ordered", &ExternalSystemSpec::ordered),
      defaulted("retry_interval", &ExternalSystemSpec::retry_interval),
      defaulted("retry_limit", &ExternalSystemSpec::retry_limit),
      defaulted("timeout", &ExternalSystemSpec::timeout));
  friend bool operator==(const ExternalSystemSpec&, const ExternalSystemSpec&) = default;
};

struct DatabaseConnectionSpec {
  static constexpr std::int64_t kPostgresqlPort = 5432;

  DatabaseBackend backend = DatabaseBackend::kPostgresql;
  std::string database;  // PostgreSQL: its name; SQLite: the path of its file at the site
  std::string description;
  std::string host;  // PostgreSQL only, as are port, user and password
  bool ordered = false;
  Secret password;
  std::int64_t port = kPostgresqlPort;
  std::string user;  // empty: that of the daemon

  static constexpr auto fields = fields_in_order(
      required("backend", &DatabaseConnectionSpec::backend),
      required("database", &DatabaseConnectionSpec::database),
      defaulted("description", &DatabaseConnectionSpec::description),
      defaulted("host", &DatabaseConnectionSpec::host),
      defaulted("ordered", &DatabaseConnectionSpec::ordered),
      defaulted("password", &DatabaseConnectionSpec::password),
      defaulted("port", &DatabaseConnectionSpec::port), defaulted("user", &DatabaseConnectionSpec::user));
  friend bool operator==(const DatabaseConnectionSpec&, const DatabaseConnectionSpec&) = default;
};

// The server that mail leaves by.
struct SmtpSettingsSpec {
  std::string description;
  std::string host;
  Secret password;
  std::int64_t port = 587;  // submission
  std::string sender;
  std::string user;  // empty: the server asks for none

  static constexpr auto fields = fields_in_order(
      defaulted("description", &SmtpSettingsSpec::description), required("host", &SmtpSettingsSpec::host),
      defaulted("password", &SmtpSettingsSpec::password), defaulted("port", &SmtpSettingsSpec::port),
      required("sender", &SmtpSettingsSpec::sender), defaulted("user", &SmtpSettingsSpec::user));
  friend bool operator==(const SmtpSettingsSpec&, const SmtpSettingsSpec&) = default;
};

struct NotificationListSpec {
  std::string description;
  bool ordered = false;
  std::vector<std::string> recipients;  // mail addresses
  std::string smtp;                     // SmtpSettings, by name

  static constexpr auto fields = fields_in_order(defaulted("description", &NotificationListSpec::description),
                                                 defaulted("ordered", &NotificationListSpec::ordered),
                                                 required("recipients", &NotificationListSpec::recipients),
                                                 required("smtp", &NotificationListSpec::smtp));
  friend bool operator==(const NotificationListSpec&, const NotificationListSpec&) = default;
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
using Spec =
    std::variant<SiteSpec, ConnectionSpec, SharedScriptSpec, ExternalSystemSpec, DatabaseConnectionSpec,
                 SmtpSettingsSpec, NotificationListSpec, TemplateSpec, InstanceSpec>;

}  // namespace fieldline::templates
