"""Which of the versions that are live now would be let in by other conditions."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Length

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.models import Environment
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import next_allowed
from promptstudio.prompts.models import Prompt, Version

from .candidate import Outcome
from .gates import OF_THE_VERSION
from .glance import Pair, answers_for, key_of
from .models import Placement

# For an answer within about a second while somebody fills in a form: measured with every gate and 10,000 live versions.
MOST_LOOKED_AT, MOST_CHARACTERS = 500, 2_000_000


@dataclass(frozen=True)
class Held:
    """A live version that would not be let in, with what would hold it back."""

    version: Version
    open: list[Outcome]


@dataclass(frozen=True)
class DryRun:
    """`live` counts what the asker may see, `looked_at` how many of them were asked about: those that went live last.

    `by_gate` counts what holds back, the most frequent first. `shut_until` is when anything could enter at all, where that is not now.
    """

    live: int
    looked_at: int
    held: list[Held]
    by_gate: list[tuple[str, int]]
    shut_until: datetime | None = None

    @property
    def passing(self) -> int:
        return self.looked_at - len(self.held)


def dry_run(*, environment: Environment, rules: Rules, actor: Actor) -> DryRun:
    """As if each were to enter `environment` anew. A constant number of queries; of very many it looks at those that went live last.

    Of the calendar it says only `shut_until`: it would hold back every version alike.
    """
    seen = Prompt.objects.visible_to(actor).active()
    live = Placement.objects.filter(environment=environment, prompt__in=seen, out_of_service_at=None).exclude(live=None)
    chosen = live.filter(pk__in=_newest(live)).select_related("live__version__prompt__folder", "live__version__prompt__project")
    pairs = [Pair(version, environment) for placement in chosen.order_by("-live_id") if (version := placement.live_version)]
    answers = answers_for(pairs, instead={environment.pk: rules}, gates=OF_THE_VERSION)
    open_gates = [Held(pair.version, [each for each in answers[key_of(pair)] if not each.passed]) for pair in pairs]
    held = [found for found in open_gates if found.open]
    counts = Counter(outcome.title for found in held for outcome in found.open)
    opens = next_allowed(rules, clock.now())
    shut_until = opens if opens and opens > clock.now() else None
    return DryRun(live.count(), len(pairs), held, counts.most_common(), shut_until)


def _newest(live: QuerySet[Placement]) -> list[int]:
    """The placements to look at, those that went live last before others; one at least, however long."""
    rows = live.order_by("-live_id").values_list("pk", Length("live__version__canonical"))[:MOST_LOOKED_AT]
    chosen: list[int] = []
    characters = 0
    for placement, length in rows:
        characters += length
        if chosen and characters > MOST_CHARACTERS:
            break
        chosen.append(placement)
    return chosen
