#include "coordinator/templates/sealing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "common/base/hash.hpp"

namespace fieldline::templates {
namespace {

using State = Secret::State;

// Calls visit(field, secret) for every secret of `value`, in order.
template <class T, class Visit>
void visit_secrets(T& value, const std::string& field, const Visit& visit) {
  using Plain = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Plain, Secret>) {
    visit(field, value);
  } else if constexpr (Described<Plain>) {
    for_each_field<Plain>([&](const auto& of, auto) {
      const auto inner = field.empty() ? std::string(of.name) : fmt::format("{}/{}", field, of.name);
      visit_secrets(value.*(of.member), inner, visit);
    });
  }
}

template <class AnySpec, class Visit>
void visit_secrets_of(AnySpec& spec, const Visit& visit) {
  std::visit([&](auto& of_kind) { visit_secrets(of_kind, {}, visit); }, spec);
}

std::string place_of(const DocumentKey& key, std::string_view field) {
  return secret_place(name(key.kind), key.name, field);
}

const SealedSecret* find(const SealedSecrets& secrets, std::string_view field) {
  const auto found = std::ranges::find(secrets, field, &SealedSecret::field);
  return found == secrets.end() ? nullptr : &*found;
}

// Where a document has its secrets sent. Who may edit it may not see them, so must not be able to have
// them sent to themselves.
struct Destination {
  std::string_view address;
  std::int64_t port = 0;
  std::string_view user;

  friend bool operator==(const Destination&, const Destination&) = default;
};

Destination destination_of(const Document& document) {
  if (const auto* system = std::get_if<ExternalSystemSpec>(&document.spec))
    return {system->base_url, 0, system->auth.user};
  if (const auto* database = std::get_if<DatabaseConnectionSpec>(&document.spec))
    return {database->host, database->port, database->user};
  if (const auto* smtp = std::get_if<SmtpSettingsSpec>(&document.spec))
    return {smtp->host, smtp->port, smtp->user};
  return {};
}

bool has_unsealed(const Document& document) {
  if (!is_artifact(document.key.kind)) return false;
  bool found = false;
  visit_secrets_of(document.spec, [&](const std::string&, const Secret& secret) {
    found = found || secret.state == State::kPlain || secret.state == State::kKept;
  });
  return found;
}

// Sealing twice gives two texts: what is the same as before stays as it is stored.
Secret sealed(const Secret& secret, const std::string& place, const SealedSecret* known, bool same_place,
              const SecretBox& box) {
  if (secret.state == State::kKept)
    return known == nullptr || !same_place ? secret : Secret{State::kSealed, known->hash, known->text};
  auto hash = box.keyed_hash(secret.text, place);
  if (known != nullptr && known->hash == hash) return {State::kSealed, known->hash, known->text};
  return {State::kSealed, std::move(hash), to_hex(box.seal(secret.text, place))};
}

}  // namespace

SealedSecrets sealed_secrets(const Document& document) {
  SealedSecrets secrets;
  if (!is_artifact(document.key.kind)) return secrets;
  visit_secrets_of(document.spec, [&](const std::string& field, const Secret& secret) {
    if (secret.state == State::kSealed) secrets.push_back({field, secret.hash, secret.text});
  });
  return secrets;
}

std::vector<std::string> unsealed_fields(const Document& document) {
  std::vector<std::string> fields;
  if (!is_artifact(document.key.kind)) return fields;
  visit_secrets_of(document.spec, [&](const std::string& field, const Secret& secret) {
    if (secret.state == State::kKept) fields.push_back(field);
  });
  return fields;
}

DocumentPointer seal(const DocumentPointer& document, const Document* stored, const SecretBox& box) {
  if (!has_unsealed(*document)) return document;
  const auto known = stored == nullptr ? SealedSecrets() : sealed_secrets(*stored);
  const bool same_place = stored != nullptr && destination_of(*document) == destination_of(*stored);
  auto spec = document->spec;
  visit_secrets_of(spec, [&](const std::string& field, Secret& secret) {
    if (secret.state != State::kPlain && secret.state != State::kKept) return;
    secret = sealed(secret, place_of(document->key, field), find(known, field), same_place, box);
  });
  return make_document(document->key.name, std::move(spec));
}

Result<DocumentPointer> with_secrets(const DocumentPointer& document, const SealedSecrets& stored) {
  if (!has_unsealed(*document)) return document;
  auto spec = document->spec;
  std::string missing;
  visit_secrets_of(spec, [&](const std::string& field, Secret& secret) {
    if (secret.state != State::kKept) return;
    if (const auto* known = find(stored, field)) {
      secret = {State::kSealed, known->hash, known->text};
    } else {
      missing = field;
    }
  });
  if (!missing.empty())
    return fail(ErrorCode::kCorrupt, fmt::format("its secret {} is not stored", missing),
                document->key.path());
  return make_document(document->key.name, std::move(spec));
}

std::string secret_place(std::string_view kind, std::string_view name, std::string_view field) {
  return fmt::format("{}/{}/{}", kind, name, field);
}

Result<std::string> reveal(const Document& document, std::string_view field, const SecretBox& box) {
  const auto secrets = sealed_secrets(document);
  const auto* secret = find(secrets, field);
  if (secret == nullptr) return std::string();
  return open_sealed(secret->text, place_of(document.key, field), box);
}

Result<std::string> open_sealed(std::string_view text, std::string_view place, const SecretBox& box) {
  const auto bytes = from_hex(text);
  if (!bytes) return fail(ErrorCode::kCorrupt, "a sealed secret is not hex", std::string(place));
  return box.open(*bytes, place);
}

}  // namespace fieldline::templates
