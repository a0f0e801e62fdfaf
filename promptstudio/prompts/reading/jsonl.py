"""One JSON object a line: rows with histories, as `import_prompts` takes them, and whole prompts as the API gives them."""

import json
from typing import Any

from promptstudio.lib.errors import Invalid

from ..bundle import Bundle, parse
from ..importing import Refused, read_row
from ..soundness import problem_of
from .found import MOST_PROMPTS, Found, Unreadable, user_message

AROUND = ("title", "name", "folder")


def read_jsonl(text: str) -> list[Found]:
    """A whole list, or one object over several lines, is read as well."""
    lines = _lines(text)
    if len(lines) > MOST_PROMPTS:
        raise Unreadable(f"It holds more than {MOST_PROMPTS:,} prompts. Split it into smaller files.")
    return [_prompt(line, number) for number, line in enumerate(lines, start=1)]


def _lines(text: str) -> list[str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [line for line in text.split("\n") if line.strip()]
    return [json.dumps(item) for item in value] if isinstance(value, list) else [json.dumps(value)]


def _prompt(line: str, number: int) -> Found:
    data = _loaded(line)
    if not isinstance(data, dict):
        return Found(title=f"Row {number}", problem="This line is not a JSON object.")
    if "versions" in data or not ({"bundle", "messages", "text", "prompt"} & set(data)):
        return _history(line, number)
    if problem := problem_of(data):
        return Found(title=f"Row {number}", problem=problem.sentence)
    around = {name: str(data.get(name) or "").strip() for name in AROUND}
    title = around["title"] or around["name"] or f"Row {number}"
    if text := _plain(data):
        return Found(title=title, folder=around["folder"], messages=user_message(text))
    return _whole(data, title, around["folder"])


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _plain(data: dict[str, Any]) -> str:
    if "bundle" in data or "messages" in data:
        return ""
    return next((data[name] for name in ("text", "prompt") if isinstance(data.get(name), str)), "")


def _history(line: str, number: int) -> Found:
    row = read_row(line, number)
    if isinstance(row, Refused):
        return Found(title=row.title or f"Row {number}", problem=row.sentence)
    history = [{"text": version.text, "date": version.authored_at.isoformat()} for version in row.versions]
    notes = [f"It has a history of {len(history)} texts. As a draft, the newest comes in."] if len(history) > 1 else []
    return Found(title=row.title, messages=user_message(history[-1]["text"]), history=history, notes=notes, key=row.key)


def _whole(data: dict[str, Any], title: str, folder: str) -> Found:
    given = data["bundle"] if isinstance(data.get("bundle"), dict) else data
    known = {name: value for name, value in given.items() if name in Bundle.model_fields}
    left = sorted(set(given) - set(known) - set(AROUND)) if given is data else sorted(set(given) - set(known))
    try:
        bundle = parse(known)
    except Invalid as error:
        return Found(title=title, problem=error.sentence)
    notes = [f"Not taken: {', '.join(str(name)[:60] for name in left[:8])}."] if left else []
    messages = [{"role": message.role, "text": message.text} for message in bundle.messages]
    return Found(title=title, folder=folder, bundle=bundle.as_json(), system=bundle.system, messages=messages, notes=notes)
