from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query, Schema
from pydantic import Field

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.models import Answer

from . import schemas
from .keys import READS, KeyRequest, bound_to
from .paging import Page, page_of
from .problems import NotFound, NotReleasedHere
from .routes import answers, router
from .shapes import answer, answers_json


class Wanted(Schema):
    request_id: schemas.Text = Field("", description="Only the one that the vendor gave this number. All of them when left out.")


@router.get("/answers", auth=READS, response=answers(schemas.Answers), tags=["Answers"])
def list_answers(request: KeyRequest, page: Query[Page], wanted: Query[Wanted]) -> HttpResponse:
    """What models answered to tests and trials, newest first: which version, settings and costs. The words stay in the pages."""
    rows = _readable(request.auth)
    if wanted.request_id:
        rows = rows.filter(request_id=wanted.request_id)
    kept = {name: value for name, value in wanted.dict().items() if value}
    return answer(page_of(request, rows, page, answers_json, kept=kept))


@router.get("/answers/{uuid:uid}", auth=READS, response=answers(schemas.AnswerOut), tags=["Answers"])
def read_answer(request: KeyRequest, uid: UUID) -> HttpResponse:
    """Which version made this answer, asked how, and what it took."""
    found = _readable(request.auth).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such answer that this key reads.")
    return answer(answers_json([found])[0])


def _readable(actor: Actor) -> QuerySet[Answer]:
    bound = bound_to(actor)
    if bound:
        raise NotReleasedHere(f"This key reads what is released to {bound.slug}. Answers to tests are not.")
    rows: QuerySet[Answer] = Answer.objects.visible_to(actor).of_prompts().select_related("prompt", "version", "wording")
    return rows
