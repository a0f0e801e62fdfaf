"""Two sides of a prompt next to each other, each pair with an address of its own."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from promptstudio.deployments import board
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import NamedExample, Prompt
from promptstudio.prompts.renames import carried, renames_of

from .. import sides as sides_of
from ..answer_cards import cards_of
from ..answers_beside import answers_of_examples
from ..comparisons import compare
from ..line_talk import Talk, talk_about
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, prompt_url


@require_safe
def prompt_compare(request: StudioRequest, project: str, name: str, sides: str) -> HttpResponse:
    """`?with=` the uid of a named example fills both sides with its values."""
    prompt = prompt_or_404(request, project, name)
    old, new = sides_of.both(prompt, sides, request.actor)
    examples = list(prompt.examples.filter(archived_at=None))
    example = _example(examples, request.GET.get("with", ""))
    raw = (old, new)
    if example:
        values = carried(example.values, renames_of(prompt))
        old, new = sides_of.filled(old, values), sides_of.filled(new, values)
    choices = sides_of.choices(prompt)
    known = {address for _, group in choices for address, _ in group}
    others = [(side.address, side.label) for side in (old, new) if side.address not in known]
    choices += [("Another prompt", others)] if others else []
    choosing: dict[str, Any] = {"choices": choices, "examples": examples, "example": example, "old": old, "new": new}
    choosing["others"] = sides_of.others(prompt, request.actor)
    if new.bundle is None:
        return render_prompt(request, "compare/nothing.html", prompt, tab="compare_newest", **choosing)
    ignoring = request.GET.get("white_space") == "ignore"
    answers = answers_of_examples(raw, [example], request.actor) if example else None
    return render_prompt(
        request,
        "compare/page.html",
        prompt,
        tab="compare_newest",
        comparison=compare(old.bundle, new.bundle, ignore_white_space=ignoring),
        other_snippets=sides_of.other_snippets(old, new),
        line_talk=_talk(request, prompt, old, new) if not example else None,
        try_url=_try_url(prompt, old, new, example),
        answers=answers,
        **cards_of(prompt, answers.settled if answers else [], request.actor, back=request.get_full_path()),
        layout="unified" if request.GET.get("layout") == "unified" else "split",
        ignoring=ignoring,
        full=bool(request.GET.get("full")),
        **choosing,
    )


def _try_url(prompt: Prompt, old: sides_of.Side, new: sides_of.Side, example: NamedExample | None) -> str:
    """Where both sides can be asked, the right one first, as what is tried; nowhere for another prompt, which has its own page."""
    if any(side.address.startswith("prompt:") for side in (old, new)):
        return ""
    chosen = {"side": new.address} | ({"beside": old.address} if old.bundle else {}) | ({"with": str(example.uid)} if example else {})
    return f"{prompt_url(prompt, 'try')}?{urlencode(chosen)}"


def _talk(request: StudioRequest, prompt: Prompt, old: sides_of.Side, new: sides_of.Side) -> Talk | None:
    """Of this prompt's own versions; another prompt has its own pages to be talked about on."""
    ours = [side.version for side in (old, new) if side.version and side.version.prompt_id == prompt.pk]
    if new.version not in ours:
        return None
    return talk_about(request, old.version if old.version in ours else None, new.version)


@require_safe
def prompt_compare_newest(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """The comparison that was chosen in the form, else the one that people most often want."""
    prompt = prompt_or_404(request, project, name)
    old, new, other = request.GET.get("old"), request.GET.get("new"), request.GET.get("other", "").strip()
    try:
        old = sides_of.address_of_other(prompt, other, request.actor) if other else old
    except Invalid as error:
        return _not_chosen(request, prompt, error)
    if old and new:
        # A side is one segment of the address.
        not_found_unless("/" not in old + new)
        example = request.GET.get("with")
        return redirect(prompt_url(prompt, "compare", f"{old}...{new}") + (f"?{urlencode({'with': example})}" if example else ""))
    usual = _usual(prompt)
    if usual is None:
        return render_prompt(request, "compare/empty.html", prompt, tab="compare_newest")
    return HttpResponseRedirect(prompt_url(prompt, "compare", usual))


def _not_chosen(request: StudioRequest, prompt: Prompt, error: Invalid) -> HttpResponse:
    """The form as it was filled in, with the sentence at its field."""
    given, examples = request.GET, list(prompt.examples.filter(archived_at=None))
    context: dict[str, Any] = {
        "choices": sides_of.choices(prompt),
        "others": sides_of.others(prompt, request.actor),
        "examples": examples,
        "example": next((example for example in examples if str(example.uid) == given.get("with")), None),
        "old": {"address": given.get("old")},
        "new": {"address": given.get("new")},
        "other": given["other"],
        "wrong": error.sentence,
    }
    return render_prompt(request, "compare/choosing.html", prompt, tab="compare_newest", status_code=422, **context)


def _example(examples: list[NamedExample], uid: str) -> NamedExample | None:
    found = next((example for example in examples if str(example.uid) == uid), None)
    not_found_unless(found or not uid)
    return found


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
