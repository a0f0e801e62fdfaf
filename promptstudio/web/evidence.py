"""Evidence as files for an auditor: facts, the same to read, the entries of the trail, and how to check all of it."""

import json
from typing import Any

from django.template.loader import render_to_string

from promptstudio.accounts.actor import Actor
from promptstudio.audit import dossier
from promptstudio.audit.chain import as_json
from promptstudio.audit.keys import public_keys, public_pem
from promptstudio.audit.models import Anchor, Entry
from promptstudio.audit.services import note_export
from promptstudio.deployments.evidence import Facts, entries_about, why_live
from promptstudio.deployments.history import Spell
from promptstudio.deployments.models import Placement

from .sentences import sentences


def evidence_zip(placement: Placement, spell: Spell, actor: Actor) -> bytes:
    """A signed zip, whose making is noted in the trail first. Raises Conflict when there is nothing to sign with."""
    facts, entries = why_live(placement, spell), entries_about(placement, spell)
    title = f"{facts['prompt']['title']} {facts['version']['semver']} in {facts['environment']}"
    key = next(iter(public_keys(public_pem())))
    files = {
        "README.txt": render_to_string("evidence/readme.txt", {"title": title, "key": key, "facts": facts}).encode(),
        "evidence.html": render_to_string(
            "evidence/page.html", {"facts": facts, "title": title, "lines": sentences(entries), "by": actor.user.name}
        ).encode(),
        "evidence.json": facts_json(facts),
        dossier.ENTRIES: _lines(as_json(entry) for entry in entries),
        "anchors.jsonl": _anchors(entries),
    }
    packed = dossier.pack(files, {"title": title, "made_for": actor.user.name, "project": facts["prompt"]["project"]})
    note_export(
        actor=actor,
        what=f"Evidence: {title}",
        subject=spell.went_live.deployment,
        project_uid=placement.prompt.project.uid,
        environment=placement.environment.slug,
        sha256=dossier.sha256(packed),
    )
    return packed


def facts_json(facts: Facts) -> bytes:
    return json.dumps(facts, default=lambda value: value.isoformat(), ensure_ascii=False, indent=1).encode()


def _anchors(entries: list[Entry]) -> bytes:
    """The first anchor that covers the last of the entries: it was sent out before anybody asked for this file."""
    if not entries:
        return b""
    last = entries[-1]
    anchor = Anchor.objects.filter(chain=last.chain, sequence__gte=last.sequence).order_by("sequence", "id").first()
    return f"{anchor.line}\n".encode() if anchor else b""


def _lines(rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
