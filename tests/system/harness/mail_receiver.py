"""What a site sends mail to: a real SMTP server, in this process. It knows a mail by its Message-ID."""

import asyncio
import email
import logging

from aiosmtpd.controller import Controller

from .daemons import free_port
from .receiver import Receiver

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own use of what it will drop


class MailReceiver(Receiver):
    name = "operators"
    instance = "M"
    send = 'notify.send("operators", "A reading", string.rep("x", 1000))'

    def start(self):
        super().start()
        self.post = Controller(self, hostname=self.address, port=free_port())
        self.ends.callback(self.post.stop)
        self.post.start()

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content)
        identity, _, domain = mail["Message-ID"].strip("<>").partition("@")
        assert (mail["Subject"], domain) == ("A reading", "fieldline")
        self.arrive(identity, mail.get_payload(decode=True).decode().strip())
        await asyncio.sleep(self.pace)
        return "250 taken"

    def artifacts(self):
        return [*super().artifacts(), f"""kind: SmtpSettings
name: mail
spec: {{host: "{self.address}", port: {self.post.port}, sender: "north@example.com"}}""", f"""kind: NotificationList
name: {self.name}
spec: {{recipients: ["ann@example.com", "bob@example.com"], smtp: mail}}"""]
