// The secrets of documents, sealed for keeping and opened for sites. Each is sealed for its document
// and field, so that stored texts can't be exchanged for each other. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "coordinator/templates/document.hpp"

namespace fieldline::templates {

// Those that are sealed, in order of their fields.
SealedSecrets sealed_secrets(const Document& document);
// The fields that keep a secret which is not stored.
std::vector<std::string> unsealed_fields(const Document& document);

// The document with all its secrets sealed. Those it keeps are those of `stored`, null: nothing is; one
// that is not there, or that this document would send to another place or as another user, stays as it
// is, which validation tells of.
DocumentPointer seal(const DocumentPointer& document, const Document* stored, const SecretBox& box);
// A stored document, once its stored secrets are back in it. kCorrupt names the field without one.
Result<DocumentPointer> with_secrets(const DocumentPointer& document, const SealedSecrets& stored);

// What a secret is sealed for: "SmtpSettings/mail/password".
std::string secret_place(std::string_view kind, std::string_view name, std::string_view field);
// A secret of the document in plain text; empty when it is not set. kCorrupt.
Result<std::string> reveal(const Document& document, std::string_view field, const SecretBox& box);
// kCorrupt: it was sealed under another key or for another place.
Result<std::string> open_sealed(std::string_view text, std::string_view place, const SecretBox& box);

}  // namespace fieldline::templates
