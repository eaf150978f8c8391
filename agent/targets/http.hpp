// HTTP requests to external systems: what is sent, and what an answer means. Pure. Refuses whatever would
// leave the host or the base path of the system, or smuggle a header in.
#pragma once

#include <string>
#include <string_view>

#include "agent/targets/courier.hpp"
#include "agent/targets/transfers.hpp"
#include "common/base/result.hpp"
#include "common/model/artifact.hpp"
#include "common/model/message.hpp"

namespace fieldline::targets {

// `path` behind `base_url`: it may have a query, and bytes that URLs do not take are encoded. kInvalid: an
// absolute URL, "//", "..", a backslash, a fragment, a control character, however they are encoded.
Result<std::string> joined_url(std::string_view base_url, std::string_view path);

// The request's headers stand above the artifact's, and the artifact's authentication above both.
// `idempotency_key` may be empty. kInvalid, kTooLarge.
Result<Transfer> http_transfer(const ExternalSystem& system, const HttpRequest& request,
                               std::string_view idempotency_key);

Outcome http_outcome(const TransferEnd& end);
Result<HttpAnswer> http_answer(TransferEnd end);

// {status, headers, body}, and as json the body where it is that and nested no deeper than kAnswerDepth.
Json json_of(HttpAnswer answer);

}  // namespace fieldline::targets
