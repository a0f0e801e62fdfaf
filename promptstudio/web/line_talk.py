"""What is said about the lines of a difference: each conversation at its text, wherever that stands by now."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q

from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.prompts.diff import CardDiff, Found, Lines, follow
from promptstudio.prompts.models import Version
from promptstudio.prompts.permissions import can_write
from promptstudio.reviews.mentioning import look_at, nobodys_names
from promptstudio.reviews.models import Comment, Decision, Remark, Thread
from promptstudio.reviews.permissions import can_discuss

from .requests import StudioRequest, prompt_url, thread_url

Side = Literal["old", "new"]
ANCHOR = re.compile(r"(old|new):(system|messages\.\d{1,4}\.text):([1-9]\d{0,6})")
MOST_THREADS, MOST_NAMES, LONGEST_NAME = 200, 5, 60


class Spot(NamedTuple):
    """A line of one side, as it stands in an address: `new:messages.0.text:3`."""

    side: Side
    place: str
    line: int

    @property
    def anchor(self) -> str:
        return f"{self.side}:{self.place}:{self.line}"


@dataclass(frozen=True)
class ShownThread:
    """`reworded`: the lines stand here in other words than those that it is about."""

    thread: Thread
    reworded: bool = False
    is_gone: bool = False
    is_earlier: bool = False


@dataclass(frozen=True)
class LineForm:
    """The form to say something about a line, opened by the address."""

    spot: Spot
    version: Version
    lines: Lines
    url: str

    @property
    def text(self) -> str:
        return self.lines.text_in(self.version.bundle)


@dataclass
class Talk:
    """What hangs on which line. The page takes from it what it shows; `left` is the rest."""

    old: Version | None
    new: Version
    may_write: Allowed | Denied
    may_take: Allowed | Denied
    reader: User
    wrote_it: bool
    back: str
    form: LineForm | None
    at: dict[Spot, list[ShownThread]] = field(default_factory=lambda: defaultdict(list))
    gone: list[ShownThread] = field(default_factory=list)

    def address(self, spot: Spot) -> str:
        """Of the page with the form at this line; nothing where nobody may write."""
        if not self.may_write or (spot.side == "old" and self.old is None):
            return ""
        query = self.back.partition("?")[2]
        return f"?{query + '&' if query else ''}{urlencode({'comment': spot.anchor})}#say-line"

    def take(self, spot: Spot) -> list[ShownThread]:
        return self.at.pop(spot, [])

    def concerns(self, card: CardDiff) -> bool:
        return any(True for _ in self.rows_of(card))

    def rows_of(self, card: CardDiff) -> Iterator[int]:
        """The rows of a card at which something stands."""
        wanted = {*self.at, *([self.form.spot] if self.form else [])}
        for index, row in enumerate(card.rows):
            spots = (Spot("old", old_place(card), row.old_no or 0), Spot("new", card.place, row.new_no or 0))
            if wanted.intersection(spots):
                yield index

    @property
    def left(self) -> list[ShownThread]:
        """What hangs on lines that the page does not show, then what is about text that is not there any more."""
        return [shown for threads in self.at.values() for shown in threads] + self.gone

    @property
    def is_silent(self) -> bool:
        return not (self.at or self.gone or self.form)


def old_place(card: CardDiff) -> str:
    return card.place if card.place == "system" else f"messages.{card.old_index}.text"


def talk_about(request: StudioRequest, old: Version | None, new: Version) -> Talk:
    """What is said about the lines of `new`, and of what stands beside it. Whoever was named there is taken to have read it."""
    talk = Talk(
        old=old,
        new=new,
        may_write=can_discuss(request.actor, new.prompt),
        may_take=can_write(request.actor, new.prompt),
        reader=request.actor.user,
        wrote_it=new.was_written_by(request.actor.user),
        back=_back(request),
        form=None,
    )
    talk.form = _form(request, talk)
    threads = _threads(old, new)
    for version, theirs in _by_version(threads):
        _place(talk, version, theirs)
    if request.method == "GET":
        look_at((mention for thread in threads for remark in thread.remarks.all() for mention in remark.mentions.all()), request.actor.user)
    return talk


def _threads(old: Version | None, new: Version) -> list[Thread]:
    sides = [version.pk for version in (old, new) if version]
    wanted = Q(version__in=sides) | Q(resolved_at=None, version__lte=new.pk)
    found = Thread.objects.filter(wanted, version__prompt=new.prompt_id).with_everything()
    return list(reversed(found.order_by("-id")[:MOST_THREADS]))


def _by_version(threads: Iterable[Thread]) -> Iterable[tuple[Version, list[Thread]]]:
    groups: dict[int, list[Thread]] = defaultdict(list)
    for thread in threads:
        groups[thread.version_id].append(thread)
    return [(theirs[0].version, theirs) for theirs in groups.values()]


def _place(talk: Talk, version: Version, threads: list[Thread]) -> None:
    wanted = [thread.lines for thread in threads]
    in_new = follow(version.bundle, talk.new.bundle, wanted)
    in_old = follow(version.bundle, talk.old.bundle, wanted) if talk.old else {}
    for thread in threads:
        spot, reworded = _spot(in_new[thread.lines], in_old.get(thread.lines))
        shown = ShownThread(thread, reworded, spot is None, version.pk not in (talk.new.pk, talk.old.pk if talk.old else None))
        talk.gone.append(shown) if spot is None else talk.at[spot].append(shown)


def _spot(new: Found | None, old: Found | None) -> tuple[Spot | None, bool]:
    """Word for word on the right, else on the left, else where it was reworded on the right."""
    if new and not new.reworded:
        return Spot("new", new.lines.place, new.lines.last), False
    if old and not old.reworded:
        return Spot("old", old.lines.place, old.lines.last), False
    return (Spot("new", new.lines.place, new.lines.last), True) if new else (None, False)


def _form(request: StudioRequest, talk: Talk) -> LineForm | None:
    match = ANCHOR.fullmatch(request.GET.get("comment", ""))
    if not match or not talk.may_write:
        return None
    side: Side = "new" if match[1] == "new" else "old"
    spot, version = Spot(side, match[2], int(match[3])), talk.new if side == "new" else talk.old
    lines = Lines(spot.place, spot.line, spot.line)
    if version is None or not lines.are_in(version.bundle):
        return None
    return LineForm(spot, version, lines, prompt_url(version.prompt, "comment", version.semver))


def _back(request: StudioRequest) -> str:
    query = request.GET.copy()
    query.pop("comment", None)
    return request.path + (f"?{query.urlencode()}" if query else "")


def say_whom_nobody_is(request: StudioRequest, said: Remark | Comment | Decision) -> None:
    """A name that is nobody's told nobody; whoever wrote it reads so, and can name somebody else."""
    names = [name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…" for name in nobodys_names(said)[:MOST_NAMES]]
    if names:
        typed = " and ".join(f"@{name}" for name in names)
        messages.warning(request, f"Nobody here is called {' or '.join(names)}, so {typed} told nobody.")


def alone(request: StudioRequest, thread: Thread) -> Talk:
    """For the page of one conversation."""
    prompt = thread.version.prompt
    may_write, may_take = can_discuss(request.actor, prompt), can_write(request.actor, prompt)
    wrote_it = thread.version.was_written_by(request.actor.user)
    if request.method == "GET":
        look_at((mention for remark in thread.remarks.all() for mention in remark.mentions.all()), request.actor.user)
    return Talk(None, thread.version, may_write, may_take, request.actor.user, wrote_it, thread_url(thread), None)
