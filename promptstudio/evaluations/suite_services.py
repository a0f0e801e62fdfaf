"""Suites: making one, changing its cases, and what stands around them."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked
from promptstudio.projects.rules import listed
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.soundness import problem_of

from .cases import Cases, refused_checks
from .merging import Merged, merged
from .models import Suite, SuiteVersion
from .owners import refused_owners
from .permissions import can_change_suite

LONGEST_NAME, MOST_NAMED = 120, 5


@transaction.atomic
def add_suite(*, prompt: Prompt, name: str, cases: Cases, required: bool = False, actor: Actor) -> Suite:
    """A suite with its first version. Raises Invalid, Conflict for a name that is taken."""
    can_change_suite(actor, prompt).require()
    # A name is looked for and taken: two at once must not find the same one free.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    name = _checked_name(prompt, name)
    _check(prompt, cases, Cases())
    suite = Suite.objects.create(prompt=prompt, name=name, required=required, created_by=actor.user, created_at=clock.now())
    _save(suite, 1, cases, actor)
    record(actor=actor, action="suite.added", subject=suite, project_uid=prompt.project.uid, cases=len(cases.cases), required=required)
    return suite


class Overlapping(Conflict):
    """Somebody changed the same cases since. `cases` are what both made of the suite, with those as the author has them."""

    def __init__(self, newest: SuiteVersion, found: Merged) -> None:
        named = listed(found.both[:MOST_NAMED]) + (" and more" if len(found.both) > MOST_NAMED else "")
        one = len(found.both) == 1
        super().__init__(
            f"{newest.created_by} saved these cases at {newest.created_at:%H:%M} UTC, after you opened them, and changed {named} as well. "
            f"Everything else is merged. Look at {'it' if one else 'them'} in another window: if you save here now, "
            f"yours {'takes its' if one else 'take their'} place.",
            by=newest.created_by.name,
            at=newest.created_at.isoformat(),
        )
        self.cases = found.cases


@transaction.atomic
def save_suite(*, suite: Suite, cases: Cases, follows: int, merge: bool = False, actor: Actor) -> SuiteVersion:
    """The next version of its cases. `follows` is the number of the one that the author saw.

    With `merge`, what others changed since stays beside it. Raises Invalid, Conflict, and Overlapping where both changed the same.
    """
    can_change_suite(actor, suite.prompt).require()
    suite = locked(Suite.objects.all(), "prompt__project", pk=suite.pk)
    newest = suite.newest
    if follows != newest.number and merge and (seen := suite.versions.filter(number=follows).first()):
        found = merged(seen.content, cases, newest.content)
        if found.both:
            raise Overlapping(newest, found)
        cases = found.cases
    elif follows != newest.number:
        raise Conflict(
            f"{newest.created_by} saved these cases at {newest.created_at:%H:%M} UTC, after you opened them. "
            "Look at them in another window: if you save here now, yours take their place.",
            by=newest.created_by.name,
            at=newest.created_at.isoformat(),
        )
    _check(suite.prompt, cases, newest.content)
    if cases.digest == newest.digest:
        raise Conflict("Nothing changed: these cases are saved like this.")
    saved = _save(suite, newest.number + 1, cases, actor)
    record(
        actor=actor,
        action="suite.cases_saved",
        subject=suite,
        project_uid=suite.prompt.project.uid,
        number=saved.number,
        cases=len(cases.cases),
        digest=saved.digest,
    )
    return saved


@transaction.atomic
def change_suite(*, suite: Suite, name: str, required: bool, actor: Actor) -> Suite:
    """Its name, and whether conditions ask for it. Raises Invalid, Conflict."""
    can_change_suite(actor, suite.prompt).require()
    suite = locked(Suite.objects.all(), "prompt__project", pk=suite.pk)
    before = {"name": suite.name, "required": suite.required}
    if name.strip() != suite.name:
        suite.name = _checked_name(suite.prompt, name)
    suite.required = required
    after = {"name": suite.name, "required": suite.required}
    if before == after:
        raise Conflict("Nothing changed.")
    suite.save(update_fields=["name", "required"])
    record(actor=actor, action="suite.changed", subject=suite, project_uid=suite.prompt.project.uid, before=before, after=after)
    return suite


@transaction.atomic
def archive_suite(*, suite: Suite, actor: Actor) -> None:
    """It is not run any more; its results stay. Raises Conflict while conditions may ask for it."""
    can_change_suite(actor, suite.prompt).require()
    suite = locked(Suite.objects.all(), "prompt__project", pk=suite.pk)
    if suite.archived_at:
        raise Conflict("It is archived already.")
    if suite.required:
        raise Conflict("Conditions may ask for this suite. Make it optional first.")
    suite.archived_at = clock.now()
    suite.save(update_fields=["archived_at"])
    record(actor=actor, action="suite.archived", subject=suite, project_uid=suite.prompt.project.uid)


@transaction.atomic
def restore_suite(*, suite: Suite, actor: Actor) -> None:
    """It is there again, with its cases and results. Raises Conflict where it is not archived, or another one is called so meanwhile."""
    can_change_suite(actor, suite.prompt).require()
    Prompt.objects.select_for_update(no_key=True).get(pk=suite.prompt_id)
    suite = locked(Suite.objects.all(), "prompt__project", pk=suite.pk)
    if not suite.archived_at:
        raise Conflict("It is not archived.")
    if suite.prompt.suites.in_use().filter(name=suite.name).exists():
        raise Conflict(f"Another suite is called {suite.name} meanwhile. Give that one another name first.")
    suite.archived_at = None
    suite.save(update_fields=["archived_at"])
    record(actor=actor, action="suite.restored", subject=suite, project_uid=suite.prompt.project.uid)


def _checked_name(prompt: Prompt, name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid({"name": "Give the suite a name, such as “usual claims”."})
    if problem := problem_of({"name": name}):
        raise Invalid({"name": problem.sentence})
    if len(name) > LONGEST_NAME:
        raise Invalid({"name": f"This is too long: at most {LONGEST_NAME} characters."})
    if prompt.suites.in_use().filter(name=name).exists():
        raise Conflict(f"There is a suite named {name} already. Choose another name.")
    return name


def _check(prompt: Prompt, cases: Cases, before: Cases) -> None:
    errors = refused_checks(cases) | refused_owners(prompt, cases, before)
    if errors:
        raise Invalid(errors)


def _save(suite: Suite, number: int, cases: Cases, actor: Actor) -> SuiteVersion:
    return SuiteVersion.objects.create(
        suite=suite, number=number, canonical=cases.canonical, digest=cases.digest, created_by=actor.user, created_at=clock.now()
    )
