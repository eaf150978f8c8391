// Text for people out of what others said, and hosts as artifacts name them.
#pragma once

#include <string>
#include <string_view>

namespace fieldline::targets {

bool is_control(char c);
// One line of UTF-8 of at most kReasonBytes, with `secret` blotted out wherever it appears.
std::string reason_of(std::string_view said, std::string_view secret = {});
// Names this very machine without asking anybody: localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);
std::string lower(std::string_view text);
// Every byte that RFC 3986 does not call unreserved as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace fieldline::targets
