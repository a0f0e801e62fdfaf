from uuid import UUID

from django.http import HttpResponse

from promptstudio.lib.errors import Invalid, NotAllowed
from promptstudio.reviews import services
from promptstudio.reviews.models import Review

from . import schemas
from .former_names import present_name
from .keys import READS, WRITES, KeyRequest, bound_to
from .problems import NotFound
from .released import environment_to_use, prompt_to_change, version_to_use
from .routes import answers, router
from .shapes import answer, review_json


@router.post("/reviews", auth=WRITES, response=answers(schemas.ReviewOut, status=201, besides=(409, 413)), tags=["Reviews"])
def ask_for_review(request: KeyRequest, body: schemas.NewReview) -> HttpResponse:
    """Ask people to let a version into an environment. They decide in the pages; a key never does."""
    try:
        prompt = prompt_to_change(request.auth, present_name(request.auth, body.prompt))
    except NotFound as error:
        raise Invalid({"prompt": error.sentence}) from None
    version = version_to_use(prompt, body.version)
    environment = environment_to_use(request.auth, body.environment)
    bound = bound_to(request.auth)
    if bound and bound.pk != environment.pk:
        raise NotAllowed(f"This key is bound to {bound}. It cannot act on {environment}.")
    review = services.ask_for_review(version=version, environment=environment, note=body.note, actor=request.auth)
    return answer(review_json(review), status=201, location=f"/api/v1/reviews/{review.uid}")


@router.get("/reviews/{uuid:uid}", auth=READS, response=answers(schemas.ReviewOut), tags=["Reviews"])
def read_review(request: KeyRequest, uid: UUID) -> HttpResponse:
    """Who decided what, and which gates still refuse."""
    reviews = Review.objects.visible_to(request.auth).with_everything()
    bound = bound_to(request.auth)
    review = (reviews.filter(environment=bound) if bound else reviews).filter(uid=uid).first()
    if review is None:
        raise NotFound("There is no such review that this key reads.")
    return answer(review_json(review))
