from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand

from promptstudio.lib import clock
from promptstudio.lib.secrets import rotated
from promptstudio.web.sign_in.views import ID_TOKEN

AT_ONCE = 500


class Command(BaseCommand):
    help = "Encrypt what is stored (the provider's tokens in sessions) with the first of ENCRYPTION_KEYS; the others can go then."

    def handle(self, **options: Any) -> None:
        renewed = lost = missed = 0
        for session in Session.objects.filter(expire_date__gt=clock.now()).iterator(chunk_size=AT_ONCE):
            kept = session.get_decoded()
            if not kept.get(ID_TOKEN):
                continue
            kept[ID_TOKEN] = rotated(kept[ID_TOKEN])
            # Only as it was read: a page may have changed the session meanwhile.
            unchanged = Session.objects.filter(pk=session.pk, session_data=session.session_data)
            if not unchanged.update(session_data=SessionStore().encode(kept)):
                missed += 1
            elif kept[ID_TOKEN]:
                renewed += 1
            else:
                lost += 1
        self.stdout.write(f"Under the first key: {renewed}.")
        if lost:
            self.stdout.write(f"Readable with none of the keys, so removed: {lost}. Signing out asks these people once more.")
        if missed:
            self.stdout.write(f"In use at that moment: {missed}. Run it again before a key goes.")
