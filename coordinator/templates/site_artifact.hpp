// An artifact as sites take it, its secrets in plain text: for the wire, never for people. Any thread.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "common/model/artifact.hpp"
#include "coordinator/templates/document.hpp"

namespace fieldline::templates {

// kCorrupt when a secret does not open. `document` is of an artifact.
Result<Artifact> artifact_of(const Document& document, const SecretBox& box);

}  // namespace fieldline::templates
