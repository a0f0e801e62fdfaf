"""Bedrock's prompt operations: one DRAFT, up to ten immutable numbered versions, tags of their own."""

import base64
import hashlib
import json
import secrets
import sqlite3
import string
import time
from collections.abc import Callable

from .calls import Scope
from .errors import AwsError, invalid, missing
from .prompt_rules import MAX_TAGS, PROMPT_ARN, check_prompt, check_tags
from .store import Store, now

# https://docs.aws.amazon.com/general/latest/gr/bedrock.html, as of June 2025.
MAX_PROMPTS = 500
MAX_VERSIONS = 10
MAX_PAGE = 10
TOKEN_SECONDS = 24 * 3600
CONTENT = ("name", "description", "customerEncryptionKeyArn", "defaultVariant", "variants")
SUMMARY = ("name", "description", "id", "arn", "version", "createdAt", "updatedAt")
ID_LETTERS = string.digits + string.ascii_uppercase


class Prompts:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.operations: dict[str, Callable[[dict, Scope], dict]] = {
            "CreatePrompt": self.create,
            "GetPrompt": self.get,
            "UpdatePrompt": self.update,
            "DeletePrompt": self.delete,
            "ListPrompts": self.list,
            "CreatePromptVersion": self.create_version,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.list_tags,
        }

    def create(self, params: dict, scope: Scope) -> dict:
        check_prompt(params)
        check_tags(params.get("tags", {}))
        with self._store.transaction() as db:
            return _once(db, "CreatePrompt", params, scope, lambda: _create(db, params, scope))

    def get(self, params: dict, scope: Scope) -> dict:
        with self._store.transaction() as db:
            prompt_id, version = _locate(db, scope, params["promptIdentifier"], params.get("promptVersion"))
            found = _full(db, scope, prompt_id, version)
        if params.get("includedData") == "METADATA_ONLY":
            found.pop("variants", None)
        return found

    def update(self, params: dict, scope: Scope) -> dict:
        check_prompt(params)
        with self._store.transaction() as db:
            prompt_id = _locate_draft(db, scope, params["promptIdentifier"])
            # Whatever the request leaves out is gone afterwards.
            body = {name: params[name] for name in CONTENT if name in params}
            db.execute(
                "update versions set body = ?, updated_at = ? where prompt_id = ? and version = 'DRAFT'",
                [json.dumps(body), now(), prompt_id],
            )
            return _full(db, scope, prompt_id, "DRAFT")

    def delete(self, params: dict, scope: Scope) -> dict:
        with self._store.transaction() as db:
            prompt_id, version = _locate(db, scope, params["promptIdentifier"], params.get("promptVersion"))
            arn = arn_of(scope, prompt_id, version)
            if version != "DRAFT":
                db.execute("delete from versions where prompt_id = ? and version = ?", [prompt_id, version])
                db.execute("delete from tags where arn = ?", [arn])
                return {"id": prompt_id, "version": version}
            db.execute("delete from tags where arn = ? or arn like ?", [arn, f"{arn}:%"])
            db.execute("delete from prompts where id = ?", [prompt_id])
            return {"id": prompt_id}

    def list(self, params: dict, scope: Scope) -> dict:
        size = min(params.get("maxResults", MAX_PAGE), MAX_PAGE)
        with self._store.transaction() as db:
            about = _locate_draft(db, scope, params["promptIdentifier"]) if "promptIdentifier" in params else ""
            after = _read_page_token(params["nextToken"], about) if "nextToken" in params else -1
            rows = _page(db, scope, about, after, size + 1)
            summaries = [_summary(db, scope, row) for row in rows[:size]]
        page: dict = {"promptSummaries": summaries}
        if len(rows) > size:
            page["nextToken"] = _write_page_token(rows[size - 1]["position"], about)
        return page

    def create_version(self, params: dict, scope: Scope) -> dict:
        check_tags(params.get("tags", {}))
        with self._store.transaction() as db:
            prompt_id = _locate_draft(db, scope, params["promptIdentifier"])
            identified = {**params, "promptIdentifier": prompt_id}
            return _once(db, "CreatePromptVersion", identified, scope, lambda: _create_version(db, identified, scope))

    def tag(self, params: dict, scope: Scope) -> dict:
        check_tags(params["tags"])
        with self._store.transaction() as db:
            arn = _locate_tagged(db, scope, params["resourceArn"])
            _put_tags(db, arn, params["tags"])
            if db.execute("select count(*) from tags where arn = ?", [arn]).fetchone()[0] > MAX_TAGS:
                raise AwsError("ServiceQuotaExceededException", f"A resource can have at most {MAX_TAGS} tags.")
        return {}

    def untag(self, params: dict, scope: Scope) -> dict:
        with self._store.transaction() as db:
            arn = _locate_tagged(db, scope, params["resourceArn"])
            db.executemany("delete from tags where arn = ? and key = ?", [(arn, key) for key in params["tagKeys"]])
        return {}

    def list_tags(self, params: dict, scope: Scope) -> dict:
        with self._store.transaction() as db:
            arn = _locate_tagged(db, scope, params["resourceArn"])
            rows = db.execute("select key, value from tags where arn = ? order by key", [arn]).fetchall()
        return {"tags": {row["key"]: row["value"] for row in rows}}

    def name_of(self, *, identifier: str) -> str:
        """The DRAFT's name by id or ARN, in whatever account; empty where there is none."""
        arn = PROMPT_ARN.fullmatch(identifier)
        with self._store.transaction() as db:
            row = db.execute(
                "select body from versions where prompt_id = ? and version = 'DRAFT'", [arn["id"] if arn else identifier]
            ).fetchone()
        return json.loads(row["body"])["name"] if row else ""


def arn_of(scope: Scope, prompt_id: str, version: str) -> str:
    suffix = "" if version == "DRAFT" else f":{version}"
    return f"arn:aws:bedrock:{scope.region}:{scope.account}:prompt/{prompt_id}{suffix}"


def _create(db: sqlite3.Connection, params: dict, scope: Scope) -> dict:
    count = db.execute("select count(*) from prompts where account = ? and region = ?", [scope.account, scope.region]).fetchone()[0]
    if count >= MAX_PROMPTS:
        raise AwsError("ServiceQuotaExceededException", f"The account already has {MAX_PROMPTS} prompts in {scope.region}.")
    prompt_id = "".join(secrets.choice(ID_LETTERS) for _ in range(10))
    db.execute("insert into prompts (account, region, id) values (?, ?, ?)", [scope.account, scope.region, prompt_id])
    _insert_version(db, prompt_id, "DRAFT", {name: params[name] for name in CONTENT if name in params})
    _put_tags(db, arn_of(scope, prompt_id, "DRAFT"), params.get("tags", {}))
    return _full(db, scope, prompt_id, "DRAFT")


def _create_version(db: sqlite3.Connection, params: dict, scope: Scope) -> dict:
    prompt_id = params["promptIdentifier"]
    kept = db.execute("select count(*) from versions where prompt_id = ? and version <> 'DRAFT'", [prompt_id]).fetchone()[0]
    if kept >= MAX_VERSIONS:
        raise AwsError("ServiceQuotaExceededException", f"The prompt {prompt_id} already has {MAX_VERSIONS} versions. Delete one first.")
    body = json.loads(_row(db, prompt_id, "DRAFT")["body"])
    body.pop("description", None)
    if "description" in params:
        body["description"] = params["description"]
    # A counter, not a maximum: a number once given is never given again, even after its version was deleted.
    number = db.execute("update prompts set last_version = last_version + 1 where id = ? returning last_version", [prompt_id]).fetchone()[0]
    _insert_version(db, prompt_id, str(number), body, number=number)
    _put_tags(db, arn_of(scope, prompt_id, str(number)), params.get("tags", {}))
    return _full(db, scope, prompt_id, str(number))


def _insert_version(db: sqlite3.Connection, prompt_id: str, version: str, body: dict, *, number: int = 0) -> None:
    moment = now()
    db.execute("insert into versions values (?, ?, ?, ?, ?, ?)", [prompt_id, version, number, json.dumps(body), moment, moment])


def _put_tags(db: sqlite3.Connection, arn: str, tags: dict[str, str]) -> None:
    db.executemany("insert or replace into tags values (?, ?, ?)", [(arn, key, value) for key, value in tags.items()])


def _once(db: sqlite3.Connection, operation: str, params: dict, scope: Scope, act: Callable[[], dict]) -> dict:
    """The first answer again for the same client token and parameters; ConflictException for the same token with others."""
    token = params.get("clientToken")
    if token is None:
        return act()
    asked = json.dumps({name: value for name, value in params.items() if name != "clientToken"}, sort_keys=True)
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    db.execute("delete from client_tokens where created_at < ?", [time.time() - TOKEN_SECONDS])
    key = [scope.account, scope.region, operation, token]
    seen = db.execute(
        "select fingerprint, reply from client_tokens where account = ? and region = ? and operation = ? and token = ?", key
    ).fetchone()
    if seen and seen["fingerprint"] != fingerprint:
        raise AwsError("ConflictException", "The client token was already used with different parameters.")
    if seen:
        return json.loads(seen["reply"])
    reply = act()
    db.execute("insert into client_tokens values (?, ?, ?, ?, ?, ?, ?)", [*key, fingerprint, json.dumps(reply), time.time()])
    return reply


def _locate(db: sqlite3.Connection, scope: Scope, identifier: str, version: str | None = None) -> tuple[str, str]:
    """The prompt id and the version meant (DRAFT unless one is named). Raises ResourceNotFoundException."""
    arn = PROMPT_ARN.fullmatch(identifier)
    named = arn["version"] if arn else None
    if named and version and named != version:
        raise invalid("promptIdentifier and promptVersion name different versions.", field_name="promptVersion")
    if arn and (arn["account"], arn["region"]) != (scope.account, scope.region):
        raise missing(f"The prompt {identifier} is not in account {scope.account} and region {scope.region}.")
    prompt_id, meant = (arn["id"] if arn else identifier), version or named or "DRAFT"
    known = db.execute(
        "select 1 from prompts join versions on prompt_id = id where id = ? and account = ? and region = ? and version = ?",
        [prompt_id, scope.account, scope.region, meant],
    ).fetchone()
    if not known:
        raise missing(f"Could not find the prompt {prompt_id}, version {meant}.")
    return prompt_id, meant


def _locate_draft(db: sqlite3.Connection, scope: Scope, identifier: str) -> str:
    prompt_id, version = _locate(db, scope, identifier)
    if version != "DRAFT":
        raise invalid("The identifier names a version; this operation takes a prompt.", field_name="promptIdentifier")
    return prompt_id


def _locate_tagged(db: sqlite3.Connection, scope: Scope, arn: str) -> str:
    if not PROMPT_ARN.fullmatch(arn):
        raise invalid(f"{arn} is not the ARN of a prompt or of a prompt version.", field_name="resourceArn")
    return arn_of(scope, *_locate(db, scope, arn))


def _row(db: sqlite3.Connection, prompt_id: str, version: str) -> sqlite3.Row:
    return db.execute("select * from versions where prompt_id = ? and version = ?", [prompt_id, version]).fetchone()


def _full(db: sqlite3.Connection, scope: Scope, prompt_id: str, version: str) -> dict:
    row = _row(db, prompt_id, version)
    identity = {"id": prompt_id, "arn": arn_of(scope, prompt_id, version), "version": version}
    return {**json.loads(row["body"]), **identity, "createdAt": row["created_at"], "updatedAt": row["updated_at"]}


def _page(db: sqlite3.Connection, scope: Scope, about: str, after: int, size: int) -> list[sqlite3.Row]:
    if about:
        return db.execute(
            "select prompt_id, version, number as position from versions where prompt_id = ? and number > ? order by number limit ?",
            [about, after, size],
        ).fetchall()
    return db.execute(
        "select id as prompt_id, 'DRAFT' as version, position from prompts where account = ? and region = ? and position > ?"
        " order by position limit ?",
        [scope.account, scope.region, after, size],
    ).fetchall()


def _summary(db: sqlite3.Connection, scope: Scope, row: sqlite3.Row) -> dict:
    found = _full(db, scope, row["prompt_id"], row["version"])
    return {name: found[name] for name in SUMMARY if name in found}


def _write_page_token(position: int, about: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([position, about]).encode()).decode()


def _read_page_token(token: str, about: str) -> int:
    try:
        position, meant = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as error:
        raise invalid("The nextToken is not one of ours.", field_name="nextToken") from error
    if meant != about or not isinstance(position, int):
        raise invalid("The nextToken belongs to another listing.", field_name="nextToken")
    return position
