"""`/_local/`: arm faults, see and release what is held, read the journal."""

import json
import re
from urllib.parse import parse_qs

from .errors import Reply, json_reply
from .faults import Faults, Holding, NotArmable
from .store import Store

PREFIX = "/_local/"


class Admin:
    def __init__(self, *, store: Store, faults: Faults, holding: Holding) -> None:
        self._store = store
        self._faults = faults
        self._holding = holding

    def answer(self, *, method: str, path: str, query: str, body: bytes) -> Reply:
        try:
            return self._route(method, path.removeprefix(PREFIX).rstrip("/"), parse_qs(query), body)
        except (NotArmable, ValueError) as error:
            return json_reply(400, {"message": str(error)})

    def _route(self, method: str, name: str, query: dict[str, list[str]], body: bytes) -> Reply:
        one = re.fullmatch(r"faults/([0-9]+)", name)
        if method == "DELETE" and one:
            return json_reply(200, {"disarmed": self._faults.disarm(fault_id=int(one[1]))})
        match method, name:
            case "GET", "health":
                return json_reply(200, {"ok": True})
            case "GET", "faults":
                return json_reply(200, {"faults": [fault.as_json() for fault in self._faults.all()]})
            case "POST", "faults":
                return json_reply(201, {"fault": self._faults.arm(_object(body)).as_json()})
            case "DELETE", "faults":
                return json_reply(200, {"disarmed": self._faults.disarm()})
            case "GET", "held":
                return json_reply(200, {"held": self._holding.all()})
            case "POST", "release":
                return json_reply(200, {"released": self._holding.release(fault_id=_object(body).get("fault"))})
            case "GET", "journal":
                return json_reply(200, {"calls": self._store.journal(since=int(query.get("since", ["0"])[0]))})
        return json_reply(404, {"message": f"There is no {method} {PREFIX}{name}."})


def _object(body: bytes) -> dict:
    found = json.loads(body or b"{}")
    if not isinstance(found, dict):
        raise NotArmable("The body must be a JSON object.")
    return found
