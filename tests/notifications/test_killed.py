"""Real workers, killed at real moments: everybody is told once, and no e-mail goes out twice."""

import json
import signal
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.studio import wait_until

CHECKOUT = Path(__file__).resolve().parent.parent.parent
STORY = """
from tests.cast import *
from promptstudio.audit.services import record
from promptstudio.notifications.services import choose_ways
cast = hire()
for person in (cast.dora, cast.alice):
    choose_ways(ways={"review_asked": "here", "answered": "here", "role": "here"}, actor=person)
review = asked(a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice), cast.production, by=cast.alice)
for number in range(400):
    record(actor=cast.bob, action="review.commented", subject=review, project_uid=cast.claims.uid)
"""
COUNT = """
import json
from promptstudio.notifications.models import Notification, Delivery
told = Notification.objects.filter(kind="answered")
print(json.dumps({"rows": told.count(), "people": sorted(set(told.values_list("person__name", flat=True))),
                  "handed": Delivery.objects.exclude(handed_at=None).count()}))
"""


# As when the time that a killed worker held is over.
NOBODY_HOLDS_ANYTHING = """
from promptstudio.lib import clock
from promptstudio.notifications.models import Delivery
Delivery.objects.exclude(held_until=None).update(held_until=clock.now())
"""


class MailServer(socketserver.ThreadingTCPServer):
    """Takes what it is given; while `hangs`, it never says that it has the message."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.hangs, self.hanging, self.taken = False, threading.Event(), list[bytes]()


class Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.taken += [line for line in lines if line.lower().startswith(b"message-id:")]
                if self.server.hangs:
                    self.server.hanging.set()
                    time.sleep(120)
                    return
            self._say("221 bye" if word == b"QUIT" else "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def counted(here: Installation) -> Any:
    return json.loads(here.shell(COUNT))


@pytest.mark.process
def test_workers_that_are_killed_tell_everybody_once_and_send_nothing_twice(tmp_path: Path) -> None:
    with mail_server() as mail:
        told = {"EMAIL_URL": f"smtp://127.0.0.1:{mail.server_address[1]}", "DEFAULT_FROM_EMAIL": "studio@studio.example"}
        here = Installation(tmp_path / "home", PUBLIC_URL="https://studio.example", **told)
        here.shell(STORY)
        mail.hangs = True
        with here.sweeping(signal.SIGKILL):
            assert mail.hanging.wait(60)
        for moment in (1.6, 2.1, 2.6):
            here.shell(NOBODY_HOLDS_ANYTHING)
            with here.sweeping(signal.SIGKILL):
                time.sleep(moment)
        mail.hangs = False
        here.shell(NOBODY_HOLDS_ANYTHING)
        with here.sweeping(signal.SIGTERM):
            wait_until(lambda: counted(here)["rows"] >= 400, within=90, what="everybody to be told")
            # What came twice would come now.
            time.sleep(2)
        end = counted(here)
        assert (end["rows"], end["people"]) == (400, ["Alice"])
        # Whatever was handed over when a worker was killed is not handed over again, and others go on.
        assert len(mail.taken) == len(set(mail.taken)) > 1
        assert len(mail.taken) <= end["handed"]
