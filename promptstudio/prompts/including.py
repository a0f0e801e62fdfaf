"""Who names a snippet in what is still being written: other snippets, and drafts."""

from django.db.models import OuterRef, Subquery

from promptstudio.accounts.actor import Actor

from .models import Draft, Snippet, SnippetVersion
from .snippets import included_in, includes_in


def snippets_with(snippet: Snippet) -> list[Snippet]:
    """Other snippets whose newest words include it, by name."""
    newest = SnippetVersion.objects.filter(snippet=OuterRef("pk")).newest_first().values("text")[:1]
    others = Snippet.objects.active().exclude(pk=snippet.pk).annotate(words=Subquery(newest))
    if snippet.project:
        others = others.filter(project=snippet.project)
    shadowed = _shadowed(snippet)
    found = others.filter(words__contains=snippet.name).order_by("name", "pk")
    return [one for one in found if one.project_id not in shadowed and snippet.name in includes_in(one.words)]


def drafts_with(snippet: Snippet, actor: Actor) -> list[Draft]:
    """Open drafts that include it and that this person sees, the last changed first."""
    drafts = Draft.objects.open().visible_to(actor).filter(prompt__archived_at=None, content__icontains=snippet.name)
    if snippet.project:
        drafts = drafts.filter(prompt__project=snippet.project)
    shadowed = _shadowed(snippet)
    found = drafts.select_related("prompt__project", "updated_by").order_by("-updated_at", "-pk")
    return [draft for draft in found if draft.prompt.project_id not in shadowed and snippet.name in included_in(draft.content)]


def _shadowed(snippet: Snippet) -> set[int | None]:
    """Projects where the name means a snippet of their own, and not this one of the shelf."""
    namesakes = Snippet.objects.filter(name=snippet.name).exclude(project=None)
    return set() if snippet.project else set(namesakes.values_list("project", flat=True))
