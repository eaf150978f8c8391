// Media types and validators as headers carry them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coordinator/api/http.hpp"
#include "coordinator/templates/documents.hpp"

namespace fieldline::api {

// Of the body: lower case, without parameters; empty when the request does not say.
std::string media_type(const Head& head);
// The format of a body of documents; empty when it is neither JSON nor YAML.
std::optional<templates::TextFormat> text_format(const Head& head);

// A revision as a strong validator (RFC 9110, 8.8.3).
std::string etag(std::string_view revision);
// The revision that If-Match names: `current` when that is among those listed, else the first, "*" for
// any; empty without the header. A weak validator never matches.
std::optional<std::string> if_match(const Head& head, std::string_view current);
// Does If-None-Match name `current`, so that the client has it already?
bool is_known(const Head& head, std::string_view current);

}  // namespace fieldline::api
