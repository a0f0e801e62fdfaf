"""People named in what somebody writes: `@name` as it is typed, a mark as it is kept, so that a name can be forgotten everywhere."""

import re
from collections.abc import Iterable

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.people import people_of

from .models import Comment, Decision, Mention, Remark

MARK = re.compile(r"\{person:([0-9a-f-]{36})\}")
_AT = re.compile(r"(?<![\w@])@(?=\w)")
_NAME = re.compile(r"\w+(?:[.-]\w+)*")
_WORD = re.compile(r"\w")


def with_marks(text: str, prompt: Prompt, field: str = "text") -> tuple[str, list[User]]:
    """`text` with a mark in the place of each `@name` that is somebody's, and who they are. Raises Invalid where several are called so.

    What looks like a mark and was typed stays a text: only rows of Mention make a mark a person.
    """
    if not _AT.search(text):
        return text, []
    people = people_of(prompt)
    parts, named, end = [], [], 0
    for at in _AT.finditer(text):
        if at.end() < end:
            continue
        person, length = _named(text[at.end() :], people, field)
        if person:
            parts += [text[end : at.start()], f"{{person:{person.uid}}}"]
            end = at.end() + length
            named.append(person)
    return "".join([*parts, text[end:]]), list(dict.fromkeys(named))


def _named(text: str, people: list[User], field: str) -> tuple[User | None, int]:
    """Whose name `text` begins with, and how long it is: the longest one counts, a user name or a whole name before a first name."""
    found: dict[int, list[User]] = {}
    for called in (_whole, _first):
        for person in people:
            for name in called(person):
                if _begins(text, name) and person not in found.setdefault(len(name), []):
                    found[len(name)].append(person)
        if any(found.values()):
            length = max(length for length, who in found.items() if who)
            return _the_one(found[length], text[:length], field), length
    return None, 0


def _whole(person: User) -> Iterable[str]:
    return {person.name, person.username}


def _first(person: User) -> Iterable[str]:
    return {person.get_short_name()}


def _begins(text: str, name: str) -> bool:
    return bool(name) and text[: len(name)].casefold() == name.casefold() and not _WORD.match(text[len(name) :])


def _the_one(people: list[User], name: str, field: str) -> User:
    if len(people) == 1:
        return people[0]
    # Of two people with one whole name, the user names tell them apart.
    same = len({person.name for person in people}) < len(people)
    choices = " or ".join(f"@{person.username if same else person.name}" for person in people)
    raise Invalid({field: f"More than one person here is called {name}. Write {choices}."})


def in_words(said: Remark | Comment | Decision) -> str:
    """What somebody said, with the names of those whom they named; its mentions are best fetched with it."""
    people = {str(mention.person.uid): mention.person.name for mention in said.mentions.all()}
    return MARK.sub(lambda match: f"@{people[match[1]]}" if match[1] in people else match[0], said.text)


def nobodys_names(said: Remark | Comment | Decision) -> list[str]:
    """What stands behind an @ in it and told nobody: the names that were somebody's are marks. Each once, as typed."""
    typed = (_NAME.match(said.text, at.end()) for at in _AT.finditer(said.text))
    return list(dict.fromkeys(name[0] for name in typed if name))


def note(
    people: Iterable[User],
    *,
    by: User,
    remark: Remark | None = None,
    comment: Comment | None = None,
    decision: Decision | None = None,
) -> None:
    """Let them know. Nobody is told that they named themselves."""
    for person in people:
        seen = clock.now() if person == by else None
        Mention.objects.create(person=person, remark=remark, comment=comment, decision=decision, made_at=clock.now(), seen_at=seen)


def look_at(mentions: Iterable[Mention], person: User) -> None:
    """This person opened the page on which they stand: they wait no more. No trail keeps who read what."""
    unseen = [mention.pk for mention in mentions if mention.person_id == person.pk and mention.seen_at is None]
    if unseen:
        Mention.objects.filter(pk__in=unseen).update(seen_at=clock.now())
