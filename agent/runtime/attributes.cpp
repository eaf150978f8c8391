#include "agent/runtime/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/runtime/limits.hpp"
#include "agent/runtime/text.hpp"

namespace fieldline::runtime {
namespace {

bool is_none(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

Result<Value> fitting(const Attribute& attribute, const Value& value) {
  auto fit = coerce(value, attribute.type);
  if (!fit) return fail(ErrorCode::kInvalid, attribute.name + ": " + fit.error().message);
  if (is_none(*fit)) return fail(ErrorCode::kInvalid, attribute.name + ": there is no value to write");
  if (const auto* text = std::get_if<std::string>(&*fit); text && clean_text(*text, kLongestText) != *text) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: a text is UTF-8 of at most {} bytes", attribute.name, kLongestText));
  }
  return fit;
}

}  // namespace

Attributes::Attributes(const FlatConfig& config, FieldLinks links, Executor& strand, Saver& saver,
                       Changed changed)
    : definitions_(config.attributes),
      links_(std::move(links)),
      strand_(strand),
      saver_(saver),
      changed_(std::move(changed)),
      holdings_(definitions_.size()),
      out_of_service_since_(strand.clock().utc()) {
  const auto now = strand.clock().utc();
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const auto& value = definitions_[i].value;
    const bool known = !is_bound(i) && !is_none(value);
    holdings_[i] = {{known ? Quality::kGood : Quality::kBadWaitingForInitialData, now, now, value}, false};
  }
}

bool Attributes::is_bound(std::size_t attribute) const {
  return !definitions_[attribute].connection.empty();
}

// A constant, and an unbound value whose configured one was changed, follow the new configuration.
bool Attributes::can_adopt(std::size_t attribute, const Heritage& heritage, const HeldValue& held) const {
  const auto& definition = definitions_[attribute];
  if (held.type != definition.type || is_none(held.sample.value)) return false;
  const auto configured = heritage.configured.find(definition.name);
  const bool restarted = configured == heritage.configured.end();
  if (is_bound(attribute)) return !restarted;
  if (!definition.writable) return false;
  return definition.retained || (!restarted && configured->second == definition.value);
}

void Attributes::adopt(const Heritage& heritage) {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const auto& definition = definitions_[i];
    const auto held = heritage.values.find(definition.name);
    if (held == heritage.values.end() || !can_adopt(i, heritage, held->second)) continue;
    auto value = coerce(held->second.sample.value, definition.type);
    if (!value) continue;
    holdings_[i] = {held->second.sample, true};
    holdings_[i].sample.value = std::move(*value);
    holdings_[i].sample.quality = Quality::kUncertainLastUsableValue;
  }
}

void Attributes::bequeath(Heritage& heritage) const {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const auto& definition = definitions_[i];
    heritage.configured[definition.name] = definition.value;
    if (holdings_[i].real) heritage.values[definition.name] = {holdings_[i].sample, definition.type};
  }
}

void Attributes::list_durable(Kept& durable) const {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const auto& definition = definitions_[i];
    if (!definition.retained || is_bound(i) || !holdings_[i].real) continue;
    durable[value_key(definition.name)] = bytes_of(HeldValue{holdings_[i].sample, definition.type});
  }
}

void Attributes::put_in_service() {
  if (!out_of_service_since_) return;
  out_of_service_since_.reset();
  links_.subscribe(strand_, [this](std::size_t i, const Sample& sample) { accept(i, sample); });
}

void Attributes::put_out_of_service() {
  if (out_of_service_since_) return;
  out_of_service_since_ = strand_.clock().utc();
  links_.unsubscribe();
  for (std::size_t i = 0; i < holdings_.size(); ++i) {
    if (is_bound(i) && holdings_[i].real) holdings_[i].sample.quality = Quality::kUncertainLastUsableValue;
  }
}

std::optional<std::size_t> Attributes::find(std::string_view path) const {
  const auto found = std::lower_bound(
      definitions_.begin(), definitions_.end(), path,
      [](const Attribute& attribute, std::string_view wanted) { return attribute.name < wanted; });
  if (found == definitions_.end() || found->name != path) return std::nullopt;
  return static_cast<std::size_t>(found - definitions_.begin());
}

Sample Attributes::sample(std::size_t attribute) const {
  auto sample = holdings_[attribute].sample;
  if (out_of_service_since_) {
    sample.quality = Quality::kBadOutOfService;
    sample.server_time = *out_of_service_since_;
  }
  return sample;
}

std::vector<AttributeValue> Attributes::all() const {
  std::vector<AttributeValue> values;
  values.reserve(definitions_.size());
  for (std::size_t i = 0; i < definitions_.size(); ++i) values.push_back({definitions_[i].name, sample(i)});
  return values;
}

void Attributes::count(Tally& tally) const {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (!is_bound(i)) continue;
    const auto quality = out_of_service_since_ ? Quality::kBadOutOfService : holdings_[i].sample.quality;
    ++(is_bad(quality) ? tally.tags_bad : is_good(quality) ? tally.tags_good : tally.tags_uncertain);
  }
}

Result<Attributes::Course> Attributes::write(std::size_t attribute, const Value& value, Written done) {
  const auto& definition = definitions_[attribute];
  if (out_of_service_since_) return fail(ErrorCode::kUnavailable, "the instance is out of service");
  if (!definition.writable) return fail(ErrorCode::kInvalid, definition.name + " is read-only");
  auto fit = fitting(definition, value);
  if (!fit) return fail(std::move(fit.error()));
  if (is_bound(attribute)) {
    links_.write(attribute, *fit, std::move(done));
    return Course::kAsked;
  }
  hold(attribute, std::move(*fit));
  return Course::kHeld;
}

void Attributes::hold(std::size_t attribute, Value value) {
  const auto& definition = definitions_[attribute];
  const auto now = strand_.clock().utc();
  accept(attribute, {Quality::kGood, now, now, std::move(value)});
  if (!definition.retained) return;
  saver_.put(value_key(definition.name), bytes_of(HeldValue{holdings_[attribute].sample, definition.type}));
}

void Attributes::accept(std::size_t attribute, Sample sample) {
  auto& [held, real] = holdings_[attribute];
  // That nothing was read yet is no reason to trust the last value less.
  const bool waiting = sample.quality == Quality::kBadWaitingForInitialData;
  if (waiting && held.quality == Quality::kUncertainLastUsableValue) return;
  if (is_bad(sample.quality) && is_none(sample.value)) {
    sample.value = held.value;
    sample.source_time = held.source_time;
  }
  const bool recovered = is_bad(held.quality) && !is_bad(sample.quality);
  const bool news = recovered || held.value != sample.value;
  const bool changed = news || held.quality != sample.quality;
  real = real || !is_bad(sample.quality);
  held = std::move(sample);
  if (changed) changed_(attribute, news);
}

}  // namespace fieldline::runtime
