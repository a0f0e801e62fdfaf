"""May this actor do this with a prompt? The tooltip and the refusal say the same sentence."""

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.answering import no_longer_asked, where_asked
from promptstudio.projects.controls import needs_second_person
from promptstudio.projects.models import Folder, Membership, Project
from promptstudio.projects.permissions import can, can_administer_site, roles_at

from .models import Draft, Editor, ImportBatch, Prompt, SavedFilter, Snippet


def can_here(actor: Actor, verb: str, prompt: Prompt) -> Allowed | Denied:
    """The general answer for one prompt: its folder's and its project's roles, and whether it is restricted to others."""
    if prompt.restricted and actor.user.kind != User.Kind.SYSTEM and not Prompt.objects.visible_to(actor).filter(pk=prompt.pk).exists():
        return Denied("This prompt is restricted to named people. Its owner can add you.")
    return can(actor, verb, prompt.folder)


def can_create_prompt(actor: Actor, place: Project | Folder) -> Allowed | Denied:
    return can(actor, "write", place)


def can_move(actor: Actor, prompt: Prompt, place: Folder) -> Allowed | Denied:
    """Whoever may write there need not be let in here; and out of reach of those who answer for it only they move it, unless words of their
    own wait, or an admin where no second person has to agree."""
    general = can_create_prompt(actor, place)
    asked = no_longer_asked(prompt.folder, place) if general and actor.user.kind != User.Kind.SYSTEM else None
    if asked is None:
        return general
    answers = not actor.key and asked.names(actor.user.pk, roles_at(actor.user, prompt.folder))
    waits = answers and _wrote_what_waits(actor.user, prompt)
    if (answers and not waits) or (can(actor, "administer", prompt.project) and not needs_second_person(actor, prompt.project)):
        return Allowed()
    wanted = f"In {asked.place}, the approval of {asked.in_words} is asked for"
    if waits:
        return Denied(f"{wanted}, and words of yours in it were not live yet. Somebody else has to move it to where it is not.")
    return Denied(f"{wanted}. One of them moves it to where it is not.")


def _wrote_what_waits(user: User, prompt: Prompt) -> bool:
    """Whether an open draft has words of this person, or a version that was not live yet in each place where the approval is asked for.

    Old versions too: whoever moved the prompt could promote them on their own.
    """
    if Editor.objects.filter(user=user, draft__in=prompt.drafts.open()).exists():
        return True
    theirs = prompt.versions.filter(contributors__user=user)
    return any(theirs.exclude(live_history__placement__environment=place).exists() for place in where_asked(prompt.project))


def can_create_somewhere(actor: Actor, project: Project) -> Allowed | Denied:
    """In the project at large, or in a folder of it: whether the button to start with is there."""
    general = can(actor, "write", project)
    return general if actor.key or general or not folders_to_write(actor, project) else Allowed()


def folders_to_write(actor: Actor, project: Project) -> list[Folder]:
    """Folders in which a role of this person allows to write, besides what the project's roles allow; outermost first."""
    return list(project.folders.granted(actor.user, "write").order_by("path"))


def can_start_import(actor: Actor, project: Project) -> Allowed | Denied:
    if actor.key:
        return Denied("A key cannot look at what would come in. A person has to, or send the prompts one by one.")
    return can_create_somewhere(actor, project)


def can_import(actor: Actor, batch: ImportBatch | None) -> Allowed | Denied:
    """Only whoever began an import sees it or goes on with it; the clock clears old ones away, of anybody."""
    if batch is None:
        return Allowed() if actor.user.kind == User.Kind.SYSTEM else Denied("Only the clock removes the imports of others.")
    if actor.key or actor.user.pk != batch.person_id:
        return Denied("Somebody else began this import. Read the file yourself.")
    return can_start_import(actor, batch.project)


def can_write(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if prompt.archived_at:
        return Denied("This prompt is archived. It can be read, not changed.")
    return can_here(actor, "write", prompt)


def can_restore(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Bring it back from the archive: whoever writes in its place."""
    return can_here(actor, "write", prompt)


def can_copy(actor: Actor, prompt: Prompt, project: Project) -> Allowed | Denied:
    """Take it over into `project`. What is restricted is let out by those alone who say who may see it."""
    if actor.key:
        return Denied("A key copies nothing. A person has to.")
    read = can_here(actor, "read", prompt)
    if read and prompt.restricted and not (prompt.owner_id == actor.user.pk or can_here(actor, "administer", prompt)):
        return Denied("This prompt is restricted. Its owner or a project admin can copy it.")
    return can_create_somewhere(actor, project) if read else read


def can_keep_filter(actor: Actor, project: Project, *, shared: bool) -> Allowed | Denied:
    if actor.key:
        return Denied("A key keeps no filters. A person has to.")
    if shared:
        return can_create_somewhere(actor, project)
    return Allowed() if Project.objects.visible_to(actor).filter(pk=project.pk).exists() else can(actor, "read", project)


def can_remove_filter(actor: Actor, kept: SavedFilter) -> Allowed | Denied:
    return Allowed() if kept.owner_id == actor.user.pk and not actor.key else Denied("Whoever kept these filters removes them.")


def can_restrict(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Its owner, and whoever administers the place."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt) if prompt.owner_id == actor.user.pk else can_here(actor, "administer", prompt)


def people_to_name(prompt: Prompt) -> list[User]:
    """Who has a role that reads the place of `prompt`, and could be named on it when it is restricted; by name."""
    members = Membership.objects.at(prompt.folder).filter(user__is_active=True).values("user")
    return list(User.objects.filter(pk__in=members, kind=User.Kind.PERSON).order_by("name", "pk"))


def can_edit(actor: Actor, draft: Draft) -> Allowed | Denied:
    if not draft.is_open:
        return Denied(
            f"This draft became version {draft.became.semver}. Open a new draft to go on." if draft.became else "This draft was discarded."
        )
    return can_write(actor, draft.prompt)


def can_add_snippet(actor: Actor, project: Project | None) -> Allowed | Denied:
    """In a project, whoever writes there; on the shelf, site admins."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    if project is None:
        return Allowed() if can_administer_site(actor) else Denied("Only a site admin puts snippets on the organisation's shelf.")
    return can(actor, "write", project)


def can_change_snippet(actor: Actor, snippet: Snippet) -> Allowed | Denied:
    """What is archived is brought back first."""
    if snippet.archived_at:
        return Denied("This snippet is archived. It can be read, not changed.")
    return can_keep_snippet(actor, snippet)


def can_keep_snippet(actor: Actor, snippet: Snippet) -> Allowed | Denied:
    """Its owner while they may write there, and whoever administers the place: many prompts live on these words."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    if snippet.project is None:
        if snippet.owner_id == actor.user.pk or can_administer_site(actor):
            return Allowed()
        return Denied(f"Only its owner {snippet.owner} and site admins change this snippet. Ask them.")
    if snippet.owner_id == actor.user.pk:
        return can(actor, "write", snippet.project)
    if can(actor, "administer", snippet.project):
        return Allowed()
    return Denied(f"Only its owner {snippet.owner} and project admins change this snippet. Ask them.")


def can_open_drafts_with(actor: Actor, project: Project) -> Allowed | Denied:
    """A draft of each prompt that lags behind: whoever writes in the project, or in a folder of it."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_create_somewhere(actor, project)
