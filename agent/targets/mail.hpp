// Mail to notification lists: its text, how it is sent, and what the server's answer means. Pure. Goes over
// TLS to every server but one on this machine; refuses addresses that could end a command or a header.
#pragma once

#include <string>

#include "agent/targets/courier.hpp"
#include "agent/targets/transfers.hpp"
#include "common/base/result.hpp"
#include "common/model/artifact.hpp"
#include "common/model/message.hpp"

namespace fieldline::targets {

// As RFC 5322 and 2045 want it: ASCII only, CRLF, no line over 76 bytes but for addresses.
Result<std::string> mail_text(const Mail& mail, const Message& message, const std::string& sender,
                              const std::vector<std::string>& recipients);
Result<Transfer> mail_transfer(const SmtpSettings& settings, const NotificationList& list, const Mail& mail,
                               const Message& message);
// A list of which the server took one address at least has been delivered to.
Outcome mail_outcome(const TransferEnd& end);

}  // namespace fieldline::targets
