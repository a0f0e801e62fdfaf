"""How an application uses a prompt: code that asks by environment at run time."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from promptstudio.deployments import board
from promptstudio.deployments.live import receipts_of
from promptstudio.prompts.bundle import Variable
from promptstudio.prompts.models import Version
from promptstudio.prompts.templating import OPEN_BRACES, as_text, example_values, reserved_in

from ..prompt_pages import prompt_or_404, render_prompt
from ..requests import StudioRequest


@require_safe
def prompt_use(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """`?environment=` chooses where the code asks; the last one in which something is live is the usual choice."""
    prompt = prompt_or_404(request, project, name)
    row = board.row(prompt)
    lives = [cell for cell in row.cells if cell.live]
    wanted = request.GET.get("environment", "")
    cell = next((c for c in row.cells if c.environment.slug == wanted), lives[-1] if lives else (row.cells[-1] if row.cells else None))
    version = cell.live if cell else None
    receipts = receipts_of(cell.placement.live) if cell and cell.placement and cell.placement.live else []
    base_url = request.build_absolute_uri("/").rstrip("/")
    context: dict[str, Any] = {"cell": cell, "version": version, "receipts": receipts, "base_url": base_url}
    context["outside"] = cell.environment.targets.filter(is_active=True).exists() if cell else False
    if version:
        values = _values(version)
        context |= {"values": values, "values_python": _python(values), "values_json": _quotable(values)}
    return render_prompt(request, "use/page.html", prompt, tab="use", **context, local=bool(settings.AWS_ENDPOINT_URL))


def _values(version: Version) -> dict[str, Any]:
    values = {variable.name: _sample(variable) for variable in version.bundle.variables} | example_values(version.bundle)
    return values | ({OPEN_BRACES: "{{"} if reserved_in(version.bundle) else {})


def _sample(variable: Variable) -> Any:
    """Something that the variable takes, where nobody gave an example."""
    return {"number": 0, "boolean": False, "choice": next(iter(variable.choices), "")}.get(variable.type, "")


def _quotable(values: dict[str, Any]) -> str:
    """JSON that stands between the apostrophes of a shell command."""
    return json.dumps(values, indent=2, ensure_ascii=False).replace("'", "\\u0027")


def _python(values: dict[str, Any]) -> str:
    """A literal of texts, which is what Bedrock takes."""
    lines = [f"    {json.dumps(name)}: {json.dumps(as_text(value), ensure_ascii=False)}," for name, value in values.items()]
    return "{\n" + "\n".join(lines) + "\n}" if lines else "{}"
