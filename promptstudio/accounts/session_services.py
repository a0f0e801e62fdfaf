"""Ending sessions: one's own, or as a site admin everybody's."""

from django.contrib.sessions.models import Session
from django.db import transaction

from promptstudio.audit.services import record
from promptstudio.lib.errors import Conflict, NotAllowed

from .actor import Actor
from .models import SignedIn, User
from .sessions import close_sessions


@transaction.atomic
def end_session(*, session: SignedIn, actor: Actor) -> None:
    """One of the actor's own. Raises NotAllowed for anybody else's."""
    if actor.key or session.user_id != actor.user.pk:
        raise NotAllowed("This is somebody else’s session. A site admin can end all sessions of a person, in the administration.")
    Session.objects.filter(pk=session.session_id).delete()
    _tell(actor.user, 1, actor)


@transaction.atomic
def end_other_sessions(*, keep: str, actor: Actor) -> int:
    """All of the actor's own but the one with the key `keep`. Returns how many."""
    if actor.key:
        raise NotAllowed("An application has no sessions.")
    ended = close_sessions(person=actor.user, keep=keep)
    if ended:
        _tell(actor.user, ended, actor)
    return ended


@transaction.atomic
def end_sessions_of(*, person: User, actor: Actor) -> int:
    """Everything that `person` is signed in with ends at once; they may sign in again. Raises NotAllowed, Conflict."""
    if actor.key or not actor.user.is_site_admin:
        raise NotAllowed("Only a site admin ends other people’s sessions.")
    if person == actor.user:
        raise Conflict("These are your own sessions. End them on the page Your account.")
    ended = close_sessions(person=person)
    _tell(person, ended, actor)
    return ended


def _tell(person: User, sessions: int, actor: Actor) -> None:
    own = person == actor.user
    record(actor=actor, action="sessions.ended", subject=person, label=str(person.uid), person=person.uid, sessions=sessions, own=own)
