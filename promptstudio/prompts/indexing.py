"""Writing what the search looks through, within the transaction of what changes."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .bundle import Bundle
from .folding import folded, parts_of, spoken
from .models import Prompt, SearchText, Version

AT_ONCE = 100


def index_names(prompt: Prompt) -> None:
    """After a new title or name: they stand with every version."""
    SearchText.objects.filter(prompt=prompt).delete()
    put(SearchText, rows_of([prompt], prompt.versions.all()))


def index_version(version: Version) -> None:
    put(SearchText, [_row(version.prompt, version)])


def rows_of(prompts: Iterable[Any], versions: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The rows of `prompts`, and of those of their `versions`. Takes models of a migration as well."""
    known = {}
    for prompt in prompts:
        known[prompt.pk] = prompt
        yield _row(prompt)
    for version in versions:
        # One that was made while this runs wrote its own.
        if version.prompt_id in known:
            yield _row(known[version.prompt_id], version)


def put(model: Any, rows: Iterable[dict[str, Any]], *, besides_others: bool = False) -> None:
    """`besides_others` leaves out what somebody else wrote meanwhile."""
    waiting: list[Any] = []
    for row in rows:
        waiting.append(model(**row))
        if len(waiting) == AT_ONCE:
            model.objects.bulk_create(waiting, ignore_conflicts=besides_others)
            waiting = []
    model.objects.bulk_create(waiting, ignore_conflicts=besides_others)


def write_all(prompt_model: Any, version_model: Any, text_model: Any) -> int:
    """Everything anew. Returns how many rows there are now."""
    text_model.objects.all().delete()
    versions = version_model.objects.order_by("pk").only("pk", "prompt_id", "summary", "canonical").iterator(chunk_size=AT_ONCE)
    put(text_model, rows_of(prompt_model.objects.order_by("pk").only("pk", "title", "name"), versions), besides_others=True)
    return int(text_model.objects.count())


def _row(prompt: Any, version: Any = None) -> dict[str, Any]:
    says = spoken(Bundle.model_validate(json.loads(version.canonical)), version.summary) if version else ""
    text = folded(f"{prompt.title} {prompt.name} {says}")
    return {"prompt_id": prompt.pk, "version_id": version.pk if version else None, "text": text, "parts": parts_of(text)}
