#include "agent/targets/mail.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/targets/limits.hpp"
#include "agent/targets/text.hpp"
#include "common/base/utf8.hpp"

namespace fieldline::targets {
namespace {

constexpr std::int64_t kSubmissionOverTls = 465;  // RFC 8314
// Of an encoded word's text: with its frame it stays below the 75 bytes of RFC 2047.
constexpr std::size_t kWordBytes = 39;
constexpr std::size_t kLineBytes = 76;

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
         text.find('@', at + 1) == std::string_view::npos && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return c > ' ' && c <= '~' && std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos;
         });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 0x3f];
    }
  }
  return text;
}

// A subject on one line, whatever it holds (RFC 2047).
std::string subject_of(std::string subject) {
  std::ranges::replace_if(subject, is_control, ' ');
  if (subject.size() <= kLineBytes - std::string_view("Subject: ").size() &&
      std::ranges::all_of(subject, is_printable) && subject.find("=?") == std::string::npos) {
    return subject;
  }
  std::string folded;
  std::string_view rest = subject;
  while (!rest.empty()) {
    const auto piece = cut_utf8(rest, kWordBytes);
    if (!folded.empty()) folded += "\r\n ";
    folded += fmt::format("=?UTF-8?B?{}?=", base64(piece));
    rest.remove_prefix(piece.size());
  }
  return folded;
}

// Quoted-printable (RFC 2045, 6.7), which no server on the way has a reason to change.
std::string quoted_printable(std::string_view body) {
  std::string text;
  std::size_t width = 0;
  const auto put = [&](std::string_view piece) {
    if (width + piece.size() >= kLineBytes) {
      text += "=\r\n";
      width = 0;
    }
    text += piece;
    width += piece.size();
  };
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '\r' && i + 1 < body.size() && body[i + 1] == '\n') continue;
    if (c == '\n') {
      text += "\r\n";
      width = 0;
      continue;
    }
    const bool ends_line = i + 1 == body.size() || body[i + 1] == '\n' || body[i + 1] == '\r';
    if (is_printable(c) && c != '=' && !(c == ' ' && ends_line)) {
      put({&c, 1});
    } else {
      put(fmt::format("={:02X}", static_cast<unsigned char>(c)));
    }
  }
  return text + "\r\n";
}

std::string date_of(Timestamp time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", std::chrono::floor<std::chrono::seconds>(time));
}

bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
}

std::string url_of(const SmtpSettings& settings) {
  const auto* scheme = settings.port == kSubmissionOverTls ? "smtps" : "smtp";
  const bool is_ipv6 = settings.host.find(':') != std::string::npos;
  const auto host = is_ipv6 ? fmt::format("[{}]", settings.host) : settings.host;
  return fmt::format("{}://{}:{}/", scheme, host, settings.port);
}

}  // namespace

Result<std::string> mail_text(const Mail& mail, const Message& message, const std::string& sender,
                              const std::vector<std::string>& recipients) {
  if (!is_address(sender)) return fail(ErrorCode::kInvalid, "the sender is not a mail address");
  std::string to;
  for (const auto& recipient : recipients) {
    if (!is_address(recipient)) return fail(ErrorCode::kInvalid, "a recipient is not a mail address");
    if (!to.empty()) to += ",\r\n ";
    to += recipient;
  }
  if (mail.body.size() > kRequestBytes || mail.subject.size() > kHeaderValueBytes) {
    return fail(ErrorCode::kTooLarge, "the mail is longer than 1 MiB, or its subject than 8 KiB");
  }
  return fmt::format(
      "Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@fieldline>\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
      date_of(message.accepted), sender, to, subject_of(mail.subject), message.id.text(),
      quoted_printable(mail.body));
}

Result<Transfer> mail_transfer(const SmtpSettings& settings, const NotificationList& list, const Mail& mail,
                               const Message& message) {
  if (!is_host(settings.host)) return fail(ErrorCode::kInvalid, "the host of the mail server is not one");
  auto text = mail_text(mail, message, settings.sender, list.recipients);
  if (!text) return fail(std::move(text.error()));
  Transfer transfer;
  transfer.body = std::move(*text);
  transfer.encrypted = !is_loopback(settings.host);
  transfer.url = url_of(settings);
  transfer.target = transfer.url;
  transfer.sender = settings.sender;
  transfer.recipients = list.recipients;
  transfer.user = settings.user;
  transfer.password = settings.password;
  transfer.timeout = kMailTimeout;
  return transfer;
}

Outcome mail_outcome(const TransferEnd& end) {
  if (end.completed) {
    if (end.refused.empty()) return Delivered{end.reply};
    // To send it again would send it twice to the others.
    const auto whom = reason_of(fmt::format("refused for {}: {}", fmt::join(end.refused, ", "), end.refusal));
    return Delivered{reason_of(fmt::format("{}; {}", end.reply, whom)), whom};
  }
  if (end.status < 400) return Postponed{end.failure};
  const auto said = reason_of(fmt::format("{} ({})", end.refusal, end.failure));
  if (end.status >= 500) return Refused{said};
  return Postponed{said};
}

}  // namespace fieldline::targets
