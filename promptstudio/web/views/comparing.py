"""Two sides of a prompt next to each other, each pair with an address of its own."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from promptstudio.deployments import board
from promptstudio.prompts.diff import compare
from promptstudio.prompts.models import Prompt

from .. import sides as sides_of
from ..line_talk import talk_about
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, prompt_url


@require_safe
def prompt_compare(request: StudioRequest, project: str, name: str, sides: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    old, new = sides_of.both(prompt, sides, request.actor)
    if new.bundle is None:
        return render_prompt(
            request, "compare/nothing.html", prompt, tab="compare_newest", old=old, new=new, choices=sides_of.choices(prompt)
        )
    ignoring = request.GET.get("white_space") == "ignore"
    return render_prompt(
        request,
        "compare/page.html",
        prompt,
        tab="compare_newest",
        comparison=compare(old.bundle, new.bundle, ignore_white_space=ignoring),
        old=old,
        new=new,
        other_snippets=sides_of.other_snippets(old, new),
        choices=sides_of.choices(prompt),
        line_talk=talk_about(request, old.version, new.version) if new.version else None,
        layout="unified" if request.GET.get("layout") == "unified" else "split",
        ignoring=ignoring,
        full=bool(request.GET.get("full")),
    )


@require_safe
def prompt_compare_newest(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """The comparison that was chosen in the form, else the one that people most often want."""
    prompt = prompt_or_404(request, project, name)
    old, new = request.GET.get("old"), request.GET.get("new")
    if old and new:
        # A side is one segment of the address.
        not_found_unless("/" not in old + new)
        return redirect(prompt_url(prompt, "compare", f"{old}...{new}"))
    usual = _usual(prompt)
    if usual is None:
        return render_prompt(request, "compare/empty.html", prompt, tab="compare_newest")
    return HttpResponseRedirect(prompt_url(prompt, "compare", usual))


def _usual(prompt: Prompt) -> str | None:
    """What is live in the last environment beside the newest version; else the two newest; else the only one with itself."""
    row = board.row(prompt)
    if row.newest is None:
        return None
    for cell in reversed(row.cells):
        if cell.live and cell.live.pk != row.newest.pk:
            return f"env:{cell.environment.slug}...{row.newest.semver}"
    before = row.newest.follows or row.newest
    return f"{before.semver}...{row.newest.semver}"
