#include "coordinator/audit/entry.hpp"

#include "coordinator/audit/limits.hpp"

namespace fieldline::audit {
namespace {

void cut_text(std::string& text) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= kTextBytes) return;
  auto end = kTextBytes - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += kEllipsis;
}

}  // namespace

void add_details(Entry& entry, const Json& details) {
  auto all = Json::parse(entry.details, nullptr, false);
  if (!all.is_object()) all = Json::object();
  all.update(details);
  auto text = all.dump(-1, ' ', false, Json::error_handler_t::replace);
  entry.details = text.size() <= kDetailsBytes ? std::move(text) : R"({"omitted":"too long"})";
}

void bound(Entry& entry) {
  for (auto* text : {&entry.who, &entry.kind, &entry.address, &entry.action, &entry.method, &entry.path,
                     &entry.document, &entry.site, &entry.instance, &entry.deployment, &entry.result})
    cut_text(*text);
}

Json shown(const Entry& entry) {
  auto details = Json::parse(entry.details, nullptr, false);
  return {{"sequence", entry.sequence},
          {"time", format_rfc3339(entry.time)},
          {"who", entry.who},
          {"kind", entry.kind},
          {"address", entry.address},
          {"action", entry.action},
          {"method", entry.method},
          {"path", entry.path},
          {"document", entry.document},
          {"site", entry.site},
          {"instance", entry.instance},
          {"deployment_id", entry.deployment},
          {"result", entry.result},
          {"details", details.is_object() ? std::move(details) : Json::object()},
          {"mac", entry.mac}};
}

}  // namespace fieldline::audit
