#include "agent/targets/mail.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/agent/targets/site.hpp"

using namespace fieldline;
using namespace fieldline::targets;
using Catch::Contains;
using Catch::StartsWith;

namespace {

Message message_at(std::int64_t seconds) {
  Message message;
  message.accepted = Timestamp(std::chrono::seconds(seconds));
  message.id = {3, "a", 1024, "north"};
  return message;
}

struct Post : Site {
  SmtpSettings settings{.host = "mail.localhost",
                        .password = kSecret,
                        .port = Peers::shared().port("mail"),
                        .sender = "plant@example.com",
                        .user = "plant"};
  NotificationList list{{"ann@example.com", "bob@example.com"}, "mail"};

  Outcome send(const Mail& mail) {
    hold(ArtifactKind::kSmtpSettings, "mail", settings);
    hold(ArtifactKind::kNotificationList, "operators", list);
    return deliver("notification-lists/operators", mail);
  }
  Json last_mail() {
    hold_system(system("http"));
    return Json::parse(call({.method = "GET", .path = "seen"})->body)["mails"].back();
  }
};

}  // namespace

TEST_CASE("a mail's text is ASCII that no server has to change") {
  const auto text = mail_text({"Level ist 5 m³ =)\n.\nende ", "Füllstand"}, message_at(1'800'000'000),
                              "plant@example.com", {"ann@example.com", "bob@example.com"});
  REQUIRE(text);
  CHECK(*text ==
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
        "From: plant@example.com\r\n"
        "To: ann@example.com,\r\n bob@example.com\r\n"
        "Subject: =?UTF-8?B?RsO8bGxzdGFuZA==?=\r\n"
        "Message-ID: <north.a.3.1024@fieldline>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Level ist 5 m=C2=B3 =3D)\r\n.\r\nende=20\r\n");
}

TEST_CASE("no subject, body or address adds a header or a recipient") {
  const auto text = mail_text({"x\r\nBcc: c@example.com", "alarm\r\nBcc: eve@example.com"}, message_at(0),
                              "plant@example.com", {"ann@example.com"});
  REQUIRE(text);
  CHECK_THAT(*text, Contains("Subject: alarm  Bcc: eve@example.com\r\nMessage-ID"));
  const auto address = GENERATE(as<std::string>(), "ann", "@example.com", "ann@", "a b@example.com",
                                "ann@example.com>\r\nRCPT TO:<eve", "ann@example.com, eve@example.com",
                                "Ann <ann@example.com>", "änn@example.com", "a@b@c", "-x@example.com");
  CAPTURE(address);
  CHECK_FALSE(mail_text({}, message_at(0), "plant@example.com", {address}));
  CHECK_FALSE(mail_text({}, message_at(0), address, {"ann@example.com"}));
}

TEST_CASE("no line of a mail is longer than 76 bytes, whatever its subject and body") {
  std::string long_text;
  for (int i = 0; i < 300; ++i) long_text += i % 3 == 0 ? "ü" : "= ";
  for (const auto& subject : {long_text, std::string(500, 'x'), std::string("=?UTF-8?B?eA==?=")}) {
    const auto text =
        mail_text({long_text, subject}, message_at(0), "plant@example.com", {"ann@example.com"});
    REQUIRE(text);
    std::string_view rest = *text;
    while (!rest.empty()) {
      const auto end = rest.find("\r\n");
      REQUIRE(end <= 76);
      rest.remove_prefix(end + 2);
    }
    CHECK_THAT(*text, Contains("Subject: =?UTF-8?B?"));
  }
}

TEST_CASE_METHOD(Post, "a mail goes to the list over TLS, by whom the settings name") {
  CHECK_THAT(said(send({"line\n.\nafter a dot", "Pump 1"})), StartsWith("delivered: 250"));
  const auto mail = last_mail();
  CHECK(mail["from"] == "plant@example.com");
  CHECK(mail["to"] == Json::parse(R"(["ann@example.com", "bob@example.com"])"));
  CHECK(mail["tls"] == true);
  CHECK(mail["login"] == true);
  CHECK_THAT(mail["text"].get<std::string>(),
             Contains("Subject: Pump 1\r\n") && Contains("line\r\n.\r\nafter a dot"));
  CHECK_THAT(mail["text"].get<std::string>(), Contains("Message-ID: <north.a.3.1@fieldline>"));
}

TEST_CASE_METHOD(Post, "a wrong password, an unknown address and a full mailbox are told apart") {
  list.recipients = {"nobody@example.com"};
  CHECK_THAT(said(send({"", "x"})), StartsWith("refused: 550"));
  list.recipients = {"busy@example.com"};
  CHECK_THAT(said(send({"", "x"})), StartsWith("postponed: 451"));
  list.recipients = {"parrot@example.com"};
  CHECK_THAT(said(send({"", "x"})), StartsWith("refused: 550 your password is ***"));
  list.recipients = {"nobody@example.com", "ann@example.com"};
  CHECK_THAT(said(send({"", "x"})),
             StartsWith("delivered: 250") && Contains("; refused for nobody@example.com: 550"));
  list.recipients = {"nobody@example.com", "ann@example.com", "busy@example.com"};
  const auto outcome = send({"", "x"});
  REQUIRE(std::holds_alternative<Delivered>(outcome));
  CHECK(std::get<Delivered>(outcome).but ==
        "refused for nobody@example.com, busy@example.com: 451 4.3.0 try again later");
  list.recipients = {"ann@example.com>, <eve@example.com"};
  CHECK_THAT(said(send({"", "x"})), StartsWith("refused: "));
  list.recipients = {"ann@example.com"};
  settings.password = "wrong";
  CHECK_THAT(said(send({"", "x"})), StartsWith("refused: 535"));
}

TEST_CASE_METHOD(Post,
                 "no mail goes unencrypted, or to a server with a wrong certificate, off this machine") {
  const auto before = last_mail();
  settings.user.clear();
  settings.port = Peers::shared().port("plain_mail");
  CHECK_THAT(said(send({"", "plain"})), StartsWith("postponed: ") && Contains("STARTTLS"));
  settings.port = Peers::shared().port("other_mail");
  CHECK_THAT(said(send({"", "plain"})), StartsWith("postponed: SSL"));
  CHECK(last_mail() == before);
  settings.host = "localhost";
  settings.port = Peers::shared().port("plain_mail");
  CHECK_THAT(said(send({"", "here"})), StartsWith("delivered: 250"));
  CHECK(last_mail()["tls"] == false);
}

TEST_CASE_METHOD(Post, "a mail server that is not there, or settings that are not, postpone the mail") {
  settings.port = 1;
  CHECK_THAT(said(send({"", "x"})), StartsWith("postponed: "));
  settings.host = "evil/../";
  CHECK_THAT(said(send({"", "x"})), StartsWith("refused: "));
  artifacts.erase("smtp-settings/mail");
  CHECK(said(deliver("notification-lists/operators", Mail{})) ==
        "postponed: smtp-settings/mail is not at this site");
  artifacts.clear();
  CHECK_THAT(said(deliver("notification-lists/operators", Mail{})),
             StartsWith("postponed: notification-lists/operators"));
}
