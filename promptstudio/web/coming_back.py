"""For whoever comes back to a review: what they decided about before, and what is different now."""

from dataclasses import dataclass
from functools import cached_property

from promptstudio.accounts.models import User
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.diff import Comparison
from promptstudio.prompts.models import Version
from promptstudio.reviews.models import Decision, Review

from .comparisons import compare


@dataclass(frozen=True)
class Earlier:
    """The last decision of this person that was about something else: another version, or the same one beside another live version."""

    decision: Decision
    version: Version
    now: Version
    live: Version | None

    @property
    def is_other_version(self) -> bool:
        return self.version.pk != self.now.pk

    @property
    def approved(self) -> bool:
        return self.decision.verdict == Decision.Verdict.APPROVE

    @property
    def role(self) -> str:
        return ROLE_WORDS[self.decision.role]

    @cached_property
    def comparison(self) -> Comparison:
        """What they decided about beside what is asked; with the same version, what was live then beside what is live now."""
        if self.is_other_version or self.live is None:
            return compare(self.version.bundle, self.now.bundle)
        return compare(self.decision.baseline.bundle if self.decision.baseline else None, self.live.bundle)


def earlier_decision(review: Review, live: Version | None, person: User) -> Earlier | None:
    """None for whoever decided about this very version and live version, about nothing that is newer than the live one, or not at all."""
    found = Decision.objects.filter(
        person=person,
        review__version__prompt=review.version.prompt_id,
        review__environment=review.environment_id,
        review__version__lte=review.version_id,
    )
    last = found.select_related("baseline", "review__version").order_by("-id").first()
    if last is None:
        return None
    about = last.review.version
    if about.pk == review.version_id:
        differs = last.verdict == Decision.Verdict.APPROVE and last.baseline_id != (live.pk if live else None)
    else:
        # What is live, or was replaced by it, is told by the difference from it.
        differs = live is None or about.pk > live.pk
    return Earlier(last, about, review.version, live) if differs else None


def replaced_decisions(review: Review, live: Version | None) -> list[Decision]:
    """Each person's last decision about versions that this one replaces before they went live. It stands, but not for this one."""
    found = Decision.objects.filter(
        review__version__prompt=review.version.prompt_id, review__environment=review.environment_id, review__version__lt=review.version_id
    )
    if live:
        found = found.filter(review__version__gt=live.pk)
    rows = found.select_related("person", "review__version").prefetch_related("mentions__person").order_by("id")
    return list({row.person_id: row for row in rows}.values())


def newer_review(review: Review) -> Review | None:
    """An open review that asks the same environment for a later version of the prompt."""
    later = Review.objects.open().filter(
        version__prompt=review.version.prompt_id, environment=review.environment_id, version__gt=review.version_id
    )
    return later.select_related("version", "asked_by").order_by("-version").first() if review.is_open else None
