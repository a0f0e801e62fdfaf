from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query, Schema
from pydantic import Field

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.requests import OPEN_STATES, STATES, with_state
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Prompt, Request

from . import schemas
from .former_names import present_name
from .keys import READS, KeyRequest, bound_to
from .paging import Page, page_of
from .problems import NotFound, NotReleasedHere
from .released import prompt_to_read
from .routes import answers, router
from .shapes import answer, requests_json


class Wanted(Schema):
    state: str = Field("", description=f"`open`, or one of {', '.join(STATES)}. All of them when left out.")
    prompt: schemas.Text = Field("", description="Only those about the prompt of this name.")


@router.get("/requests", auth=READS, response=answers(schemas.Requests), tags=["Requests"])
def list_requests(request: KeyRequest, page: Query[Page], wanted: Query[Wanted]) -> HttpResponse:
    """What people ask for, newest first. They ask, write and confirm in the pages; a key never does."""
    rows = _readable(request.auth)
    if wanted.state:
        rows = rows.filter(state__in=_states(wanted.state))
    if wanted.prompt:
        rows = rows.filter(prompt=_prompt(request.auth, wanted.prompt))
    kept = {name: value for name, value in wanted.dict().items() if value}
    return answer(page_of(request, rows, page, requests_json, kept=kept))


@router.get("/requests/{uuid:uid}", auth=READS, response=answers(schemas.RequestOut), tags=["Requests"])
def read_request(request: KeyRequest, uid: UUID) -> HttpResponse:
    """What is wanted, with the answers that would be good and those that must not come, and how far it is."""
    found = _readable(request.auth).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such request that this key reads.")
    return answer(requests_json([found])[0])


def _readable(actor: Actor) -> QuerySet[Any]:
    bound = bound_to(actor)
    if bound:
        raise NotReleasedHere(f"This key reads what is released to {bound.slug}. Requests are not.")
    return with_state(Request.objects.visible_to(actor).with_everything().prefetch_related("answers"))


def _states(state: str) -> tuple[str, ...]:
    if state == "open":
        return OPEN_STATES
    if state not in STATES:
        raise Invalid({"state": f"There is no such state. Ask for open, {', '.join(STATES)}, or leave it out."})
    return (state,)


def _prompt(actor: Actor, name: str) -> Prompt:
    try:
        return prompt_to_read(actor, present_name(actor, name))
    except NotFound as error:
        raise Invalid({"prompt": error.sentence}) from None
