"""Snippets: making one, its next version, who keeps it, and bringing it into the prompts that hold an old one."""

from uuid import UUID

from django.db import IntegrityError, transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import too_long
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can

from . import semver, services, snippets
from .bundle import MAX_TEXT
from .freezing import loader_for
from .including import snippets_with
from .models import Draft, Inclusion, Prompt, Snippet, SnippetVersion
from .names import MAX_SEGMENT, SEGMENT
from .permissions import can_add_snippet, can_change_snippet, can_keep_snippet, can_open_drafts_with
from .soundness import problem_of

LONGEST_PURPOSE = 1000
# Opened by one click; a second click opens the next ones.
MOST_DRAFTS = 100


@transaction.atomic
def add_snippet(*, project: Project | None, name: str, purpose: str, text: str, owner: User | None = None, actor: Actor) -> Snippet:
    """A snippet with its first version; without a project it stands on the organisation's shelf. Raises Invalid, Conflict."""
    can_add_snippet(actor, project).require()
    name, owner = name.strip(), owner or actor.answerable
    _check(name=_name_problem(name), purpose=_purpose_problem(purpose), text=_text_problem(text), owner=_owner_problem(owner, project))
    snippets.check_text(text, loader_for(project), name=name, on_shelf=project is None)
    if project:
        # A name is looked for and taken: two at once must not find the same one free.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check_free(name, project)
    try:
        with transaction.atomic():
            snippet = Snippet.objects.create(project=project, name=name, purpose=purpose.strip(), owner=owner, created_at=clock.now())
    except IntegrityError:
        # The shelf has no row to lock: somebody took the name after it was found free.
        raise _taken(name, project) from None
    first = _add_version(snippet, (1, 0, 0), text, "", ["This is the first version."], actor)
    record(actor=actor, action="snippet.added", subject=snippet, project_uid=_project_uid(snippet), semver=first.semver)
    return snippet


@transaction.atomic
def save_snippet_version(*, snippet: Snippet, text: str, summary: str, follows: str, actor: Actor) -> SnippetVersion:
    """The next version. `follows` is the number of the one that the author saw. Raises Invalid, Conflict."""
    can_change_snippet(actor, snippet).require()
    snippet = locked(Snippet.objects.all(), "project", "owner", pk=snippet.pk)
    newest = snippet.newest
    if follows != newest.semver:
        raise Conflict(
            f"{newest.created_by} saved {newest.semver} at {newest.created_at:%H:%M} UTC, after you began. Look at it, then save again.",
            by=newest.created_by.name,
            at=newest.created_at.isoformat(),
            semver=newest.semver,
        )
    _check(text=_text_problem(text), summary=_summary_problem(summary))
    snippets.check_text(text, loader_for(snippet.project), name=snippet.name, on_shelf=snippet.on_shelf, before=newest.text)
    bump = snippets.step(newest.text, text)
    if bump is None:
        raise Conflict(f"Nothing changed: this is word for word {snippet} {newest.semver}.")
    version = _add_version(snippet, semver.next_version(newest.number, bump.impact), text, summary.strip(), bump.reasons, actor)
    record(
        actor=actor,
        action="snippet.version_saved",
        subject=version,
        project_uid=_project_uid(snippet),
        semver=version.semver,
        impact=bump.impact,
        words={"summary": version.summary},
    )
    return version


@transaction.atomic
def change_snippet(*, snippet: Snippet, purpose: str, owner: User, actor: Actor) -> Snippet:
    """What it is for, and who keeps it. Its words change through versions only."""
    can_change_snippet(actor, snippet).require()
    _check(purpose=_purpose_problem(purpose), owner="" if owner == snippet.owner else _owner_problem(owner, snippet.project))
    before = str(snippet.owner.uid)
    snippet.purpose, snippet.owner = purpose.strip(), owner
    snippet.save(update_fields=["purpose", "owner"])
    record(
        actor=actor,
        action="snippet.changed",
        subject=snippet,
        project_uid=_project_uid(snippet),
        before={"owner": before},
        after={"owner": str(owner.uid)},
    )
    return snippet


@transaction.atomic
def archive_snippet(*, snippet: Snippet, reason: str, actor: Actor) -> Snippet:
    """Offer `snippet` to nobody any more. Who holds its words keeps them. Raises Invalid, Conflict while another snippet needs it."""
    can_keep_snippet(actor, snippet).require()
    snippet = locked(Snippet.objects.all(), "project", "owner", pk=snippet.pk)
    if snippet.archived_at:
        raise Conflict("It is archived already.")
    _check(reason=_reason_problem(reason))
    # Whoever includes those would be told of words that they never chose.
    if needing := snippets_with(snippet):
        raise Conflict(f"{_named(needing, actor)} {'includes' if len(needing) == 1 else 'include'} it. Take it out there first.")
    snippet.archived_at, snippet.archived_by, snippet.archive_reason = clock.now(), actor.user, reason.strip()
    snippet.save(update_fields=["archived_at", "archived_by", "archive_reason"])
    words = {"reason": snippet.archive_reason}
    record(actor=actor, action="snippet.archived", subject=snippet, project_uid=_project_uid(snippet), words=words)
    return snippet


@transaction.atomic
def restore_snippet(*, snippet: Snippet, actor: Actor) -> Snippet:
    """Offer it again, with every version that it had. Raises Conflict."""
    can_keep_snippet(actor, snippet).require()
    snippet = locked(Snippet.objects.all(), "project", "owner", pk=snippet.pk)
    if not snippet.archived_at:
        raise Conflict("It is not archived.")
    snippet.archived_at, snippet.archived_by, snippet.archive_reason = None, None, ""
    snippet.save(update_fields=["archived_at", "archived_by", "archive_reason"])
    record(actor=actor, action="snippet.restored", subject=snippet, project_uid=_project_uid(snippet))
    return snippet


@transaction.atomic
def open_drafts_with(*, snippet: Snippet, project: Project, actor: Actor) -> list[Draft]:
    """A draft of each prompt of `project` that holds an old version of `snippet`, whose next version will hold the newest.

    Where such a draft is open already, and where this person may not write, none is opened. Raises Conflict when that leaves none.
    """
    can_open_drafts_with(actor, project).require()
    # Who clicks twice must not open every draft twice.
    snippet = locked(Snippet.objects.all(), "project", "owner", pk=snippet.pk)
    if snippet.archived_at:
        raise Conflict("It is archived, so no prompt takes its newest words over.")
    newest = snippet.newest
    opened = [_open_with(prompt, newest, actor) for prompt in waiting_for(snippet, project, actor)[:MOST_DRAFTS]]
    if not opened:
        raise Conflict(f"No draft is left to open: each prompt holds {newest}, has a draft for it, or is not yours to write.")
    record(
        actor=actor,
        action="snippet.drafts_opened",
        subject=newest,
        project_uid=project.uid,
        semver=newest.semver,
        drafts=len(opened),
    )
    return opened


def waiting_for(snippet: Snippet, project: Project, actor: Actor) -> list[Prompt]:
    """Prompts of `project` that hold an old version of `snippet`, have no draft with the newest, and are this person's to write."""
    behind = Inclusion.objects.filter(snippet_version__snippet=snippet).of_prompts_seen_by(actor).in_newest().lagging()
    underway = Draft.objects.open().filter(takes_over=snippet.newest).values("prompt")
    prompts = Prompt.objects.to_write_by(actor).filter(project=project, pk__in=behind.values("version__prompt")).exclude(pk__in=underway)
    return list(prompts.select_related("project", "folder"))


def _open_with(prompt: Prompt, newest: SnippetVersion, actor: Actor) -> Draft:
    draft = services.open_draft(prompt=prompt, actor=actor)
    content = snippets.renewed(draft.content, newest.snippet.name, newest.number)
    draft = services.save_draft(draft=draft, content=content, revision=draft.revision, actor=actor)
    draft.takes_over = newest
    draft.save(update_fields=["takes_over"])
    return draft


def _add_version(snippet: Snippet, number: semver.Number, text: str, summary: str, reasons: list[str], actor: Actor) -> SnippetVersion:
    major, minor, patch = number
    created: SnippetVersion = SnippetVersion.objects.create(
        snippet=snippet,
        major=major,
        minor=minor,
        patch=patch,
        semver=".".join(map(str, number)),
        text=text,
        summary=summary,
        reasons=reasons,
        created_by=actor.user,
        created_at=clock.now(),
    )
    return created


def _named(found: list[Snippet], actor: Actor) -> str:
    """Those that this person sees, by name, and how many others there are."""
    seen = Snippet.objects.visible_to(actor).filter(pk__in=[one.pk for one in found]).order_by("name").values_list("name", flat=True)
    names = [f"The snippet {name}" if at == 0 else name for at, name in enumerate(seen[:5])]
    others = len(found) - len(names)
    hidden = [f"{others} {'snippet' if others == 1 else 'snippets'} elsewhere"] if others else []
    return " and ".join([", ".join(names), *hidden] if names else hidden)


def _project_uid(snippet: Snippet) -> UUID | None:
    return snippet.project.uid if snippet.project else None


def _check(**problems: str) -> None:
    if errors := {name: sentence for name, sentence in problems.items() if sentence}:
        raise Invalid(errors)


def _check_free(name: str, project: Project | None) -> None:
    if standing := Snippet.objects.filter(project=project, name=name).first():
        raise _taken(name, project, archived=standing.archived_at is not None)
    if project and Snippet.objects.active().filter(project=None, name=name).exists():
        raise Conflict(f"The organisation's shelf has a snippet called {name}. Use it, or choose another name.", field="name")


def _taken(name: str, project: Project | None, *, archived: bool = False) -> Conflict:
    if archived:
        return Conflict(f"A snippet called {name} is archived here. Bring it back, or choose another name.", field="name")
    return Conflict(f"There is already a snippet called {name} in {project or 'the shelf'}. Choose another name.", field="name")


def _name_problem(name: str) -> str:
    if not name:
        return "Give the snippet a name, such as greeting."
    if len(name) > MAX_SEGMENT or not SEGMENT.fullmatch(name):
        return f"A name has small letters and digits, with a single - between words, at most {MAX_SEGMENT} of them: legal-footer."
    return ""


def _purpose_problem(purpose: str) -> str:
    if not purpose.strip():
        return "Say in a sentence what it is for, so that others know when to use it."
    return too_long(purpose.strip(), LONGEST_PURPOSE)


def _owner_problem(owner: User, project: Project | None) -> str:
    if project and not can(Actor(owner), "write", project):
        return f"{owner} may not write in this project, so the snippet would be nobody's to change. Give them a role first."
    return ""


def _reason_problem(reason: str) -> str:
    return too_long(reason.strip()) if reason.strip() else "Say in a sentence why nobody should include it any more."


def _summary_problem(summary: str) -> str:
    return too_long(summary.strip()) if summary.strip() else "Say in a sentence what you changed and why."


def _text_problem(text: str) -> str:
    if not text.strip():
        return "Write the words that prompts shall share."
    if problem := problem_of({"text": text}):
        return problem.sentence
    return too_long(text, MAX_TEXT)
