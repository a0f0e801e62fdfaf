"""Tables of prompts: what each column holds, and the prompts in its rows."""

import re
from collections.abc import Sequence

from ..importing import is_words, variable_name
from .found import MOST_PROMPTS, Column, Found, Reading, Unreadable, tidy, title_from, user_message
from .settings import inference_from, model_from, variable_from

ROLES = {
    "title": "Title",
    "text": "Text",
    "system": "System text",
    "folder": "Folder",
    "model": "Model",
    "temperature": "Temperature",
    "max_tokens": "Longest answer (tokens)",
}
SPELLINGS = {
    "title": ("title", "name", "prompt name", "prompt title", "titel", "bezeichnung"),
    "text": ("text", "prompt", "prompt text", "user", "user prompt", "message", "template", "content", "inhalt", "prompttext"),
    "system": ("system", "system prompt", "system text", "system message", "instructions"),
    "folder": ("folder", "path", "category", "ordner", "kategorie"),
    "model": ("model", "model id", "modell"),
    "temperature": ("temperature", "temp", "temperatur"),
    "max_tokens": ("max tokens", "max output tokens", "maximum tokens", "tokens"),
}
EXAMPLE = re.compile(r"(?:example|sample|beispiel)[ \t]*[:=][ \t]*(.{1,100})", re.IGNORECASE)
MOST_COLUMNS = 60
SAMPLE = 60


def role_of(header: str) -> str:
    """What a column of that name holds; nothing where nobody knows."""
    words = " ".join(re.sub(r"[_\-\s]+", " ", header).split()).casefold()
    if example := EXAMPLE.fullmatch(header.strip()):
        return f"example:{example[1].strip()}"
    return next((role for role, spellings in SPELLINGS.items() if words in spellings), "")


def example_role(header: str) -> str:
    """What a column is as examples of a variable that is called like it; nothing where it cannot be one."""
    role = role_of(header)
    if role.startswith("example:"):
        return role
    return f"example:{variable_name(header)}" if is_words(header) else ""


def is_header(cells: Sequence[str]) -> bool:
    """A first row that names where the text is; a column of one word would be anybody's guess."""
    return "text" in map(role_of, cells)


def read_table(rows: list[list[str]], mapping: Sequence[str] | None = None) -> Reading:
    """`mapping` has a role for each column, `example:<variable>` among them; without one, headers say it."""
    rows = [[tidy(cell) for cell in row[:MOST_COLUMNS]] for row in rows]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) > MOST_PROMPTS + 1:
        raise Unreadable(f"It has more than {MOST_PROMPTS:,} rows. Split it into smaller files.")
    if not rows:
        raise Unreadable("There is nothing in this table. Its first row names the columns: Title, Text …")
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    headers, body = (rows[0], rows[1:]) if is_header(rows[0]) else ([], rows)
    roles = _roles(mapping, headers, body, width)
    columns = [Column(headers[at] if headers else f"Column {at + 1}", _sample(body, at)) for at in range(width)]
    notes = [] if headers else ["The first row names no columns, so it was taken as a prompt. Say below what each column holds."]
    return Reading("table", [_prompt(row, roles) for row in body], notes, columns, roles)


def _roles(mapping: Sequence[str] | None, headers: list[str], body: list[list[str]], width: int) -> list[str]:
    if mapping is not None and len(mapping) == width:
        return list(mapping)
    if headers:
        found: list[str] = []
        for role in map(role_of, headers):
            found.append("" if role in found else role)
        return found
    lengths = [sum(len(row[at]) for row in body) for at in range(width)]
    text = lengths.index(max(lengths))
    roles = [""] * width
    roles[text] = "text"
    if width > 1:
        roles[0 if text else 1] = "title"
    return roles


def _prompt(row: list[str], roles: list[str]) -> Found:
    cells = {role: cell for role, cell in zip(roles, row, strict=True) if role and not role.startswith("example:")}
    model, notes = model_from(cells.get("model"))
    settings = {name: cells[name] for name in ("temperature", "max_tokens") if cells.get(name)}
    inference, about = inference_from(settings)
    notes += about
    variables = []
    for role, cell in zip(roles, row, strict=True):
        if role.startswith("example:") and cell:
            variable, about = variable_from(role.partition(":")[2], example=cell)
            notes += about
            variables += [variable] if variable else []
    text = cells.get("text", "")
    return Found(
        title=cells.get("title", "").strip() or title_from(text),
        system=cells.get("system", ""),
        messages=user_message(text) if text.strip() else [],
        folder=cells.get("folder", "").strip().strip("/"),
        model=model,
        inference=inference,
        variables=_once(variables),
        notes=notes,
    )


def _once(variables: list[dict[str, object]]) -> list[dict[str, object]]:
    return list({variable["name"]: variable for variable in reversed(variables)}.values())[::-1]


def _sample(body: list[list[str]], at: int) -> str:
    words = next((" ".join(row[at].split()) for row in body if row[at].strip()), "")
    return words if len(words) <= SAMPLE else words[: SAMPLE - 1] + "…"
