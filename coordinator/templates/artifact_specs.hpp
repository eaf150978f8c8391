// What the fields of artifacts may hold. On failure `where` is the pointer inside the document. Any
// thread.
#pragma once

#include "common/base/result.hpp"
#include "coordinator/templates/specs.hpp"

namespace fieldline::templates {

Result<> check_spec(const SharedScriptSpec& spec);
Result<> check_spec(const ExternalSystemSpec& spec);
Result<> check_spec(const DatabaseConnectionSpec& spec);
Result<> check_spec(const SmtpSettingsSpec& spec);
Result<> check_spec(const NotificationListSpec& spec);

}  // namespace fieldline::templates
