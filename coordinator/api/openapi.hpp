// The description of this API, docs/openapi.json, as it was when the daemon was built.
#pragma once

#include <string_view>

namespace fieldline::api {

std::string_view openapi_document();

}  // namespace fieldline::api
