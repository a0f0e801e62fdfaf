"""Which version made this answer: one page for each, found by its own number or by the vendor's."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from promptstudio.evaluations.models import Answer, Result
from promptstudio.prompts.bundle import Bundle

from ..prompt_pages import prompt_or_404, render_prompt
from ..requests import StudioRequest, draft_url


@require_safe
def prompt_answer(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    answer = get_object_or_404(Answer.objects.filter(prompt=prompt).with_everything().select_related("wording"), uid=uid)
    result = Result.objects.filter(answer=answer).select_related("run__suite_version__suite").first()
    return render_prompt(
        request,
        "answers/one.html",
        prompt,
        tab="versions",
        answer=answer,
        result=result,
        case=result.run.suite_version.case(result.case) if result else None,
        settings=_settings(answer.wording.bundle),
        draft_url=draft_url(answer.draft) if answer.draft else "",
    )


def _settings(bundle: Bundle) -> list[tuple[str, str]]:
    """Those that are set, by the names of the editor."""
    inference = bundle.inference
    settings = {
        "Temperature": inference.temperature,
        "Top p": inference.top_p,
        "Longest answer": inference.max_tokens and f"{inference.max_tokens:,} tokens",
        "Stops at": ", ".join(map(repr, inference.stop_sequences)) or None,
    }
    return [(label, str(value)) for label, value in settings.items() if value is not None]
