#include "agent/runtime/field_links.hpp"

#include <map>
#include <string>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline::runtime {

Result<FieldLinks> FieldLinks::open(const FlatConfig& config, const Opener& opener) {
  FieldLinks links;
  std::map<std::string, std::size_t> link_by_name;
  links.link_of_.resize(config.attributes.size());
  for (std::size_t i = 0; i < config.attributes.size(); ++i) {
    const auto& attribute = config.attributes[i];
    if (attribute.connection.empty()) continue;
    const auto [known, fresh] = link_by_name.try_emplace(attribute.connection, links.links_.size());
    if (fresh) links.links_.emplace_back();
    links.link_of_[i] = known->second;
    links.links_[known->second].points.push_back(
        {static_cast<connections::PointId>(i), attribute.address, attribute.type});
  }
  for (const auto& definition : config.connections) {
    const auto used = link_by_name.find(definition.name);
    if (used == link_by_name.end()) continue;
    auto connection = opener(definition);
    if (!connection) return fail(std::move(connection.error()));
    links.links_[used->second].connection = std::move(*connection);
  }
  return links;
}

void FieldLinks::subscribe(Executor& strand, const Sink& sink) {
  for (auto& link : links_) {
    link.subscription =
        link.connection->subscribe(link.points, strand, [sink](const connections::Batch& batch) {
          for (const auto& point : batch) sink(point.id, point.sample);
        });
  }
}

void FieldLinks::unsubscribe() {
  for (auto& link : links_) link.subscription.reset();
}

void FieldLinks::write(std::size_t attribute, const Value& value, connections::Written done) {
  auto& link = links_[link_of_[attribute]];
  FIELDLINE_CHECK(link.subscription != nullptr);
  link.subscription->write(static_cast<connections::PointId>(attribute), value, std::move(done));
}

}  // namespace fieldline::runtime
