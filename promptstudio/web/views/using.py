"""How an application uses a prompt: code that asks by environment at run time."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from promptstudio.deployments import board
from promptstudio.deployments.models import Receipt
from promptstudio.prompts.models import Version
from promptstudio.prompts.templating import OPEN_BRACES, example_values, reserved_in

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
    receipts = _receipts(cell) if cell and cell.placement else []
    base_url = request.build_absolute_uri("/").rstrip("/")
    context: dict[str, Any] = {"cell": cell, "version": version, "receipts": receipts, "base_url": base_url}
    if version:
        values = _values(version)
        context |= {"values": values, "values_python": _python(values), "values_json": _quotable(values)}
        context["promptvars_python"] = _python({key: {"text": str(value)} for key, value in values.items()})
    return render_prompt(request, "use/page.html", prompt, tab="use", **context, local=bool(settings.AWS_ENDPOINT_URL))


def _receipts(cell: board.Cell) -> list[Receipt]:
    """Where outside the live version can be reached: the newest receipt of each place."""
    assert cell.placement
    found = Receipt.objects.filter(resource__placement=cell.placement, version=cell.live).select_related("job__target").order_by("id")
    return list({receipt.resource_id: receipt for receipt in found}.values())


def _values(version: Version) -> dict[str, Any]:
    values = {variable.name: "" for variable in version.bundle.variables} | example_values(version.bundle)
    return values | ({OPEN_BRACES: "{{"} if reserved_in(version.bundle) else {})


def _quotable(values: dict[str, Any]) -> str:
    """JSON that stands between the apostrophes of a shell command."""
    return json.dumps(values, indent=2, ensure_ascii=False).replace("'", "\\u0027")


def _python(values: dict[str, Any]) -> str:
    lines = [f"    {json.dumps(key)}: {_literal(value)}," for key, value in values.items()]
    return "{\n" + "\n".join(lines) + "\n}" if lines else "{}"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    return repr(value) if value is None or isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
