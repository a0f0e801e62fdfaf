"""What a new project can start from: who looks at a change, as three ready sets of conditions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .rules import Rules

if TYPE_CHECKING:
    from .models import Floor


@dataclass(frozen=True)
class Lane:
    slug: str
    name: str
    rules: Rules
    grace_days: int


@dataclass(frozen=True)
class Template:
    """`sentence` says for whom it is."""

    key: str
    name: str
    sentence: str
    lanes: tuple[Lane, ...]

    @property
    def production(self) -> Lane:
        return self.lanes[-1]

    def under(self, floor: "Floor | None") -> list[tuple[Lane, Rules]]:
        """Each environment with its conditions, raised to the site's floor where that will hold for it."""

        def rules_of(lane: Lane) -> Rules:
            held_to = floor and (lane is self.production or lane.slug in floor.environments)
            return lane.rules.raised_to(floor.rules) if floor and held_to else lane.rules

        return [(lane, rules_of(lane)) for lane in self.lanes]


RELEASING = ("product", "technical", "admin")
DEVELOPMENT = Lane("development", "Development", Rules(same_baseline=False), 0)
STAGING = Lane("staging", "Staging", Rules(previous_environment=True, same_baseline=False), 7)
TEMPLATES = {
    template.key: template
    for template in (
        Template(
            "light",
            "Light",
            "For texts that only colleagues read: one other person looks before production.",
            (DEVELOPMENT, STAGING, Lane("production", "Production", Rules(approvals={"product": 1}), 30)),
        ),
        Template(
            "four_eyes",
            "Four eyes",
            "For texts that customers read: product and technical people both agree, and the change is written down.",
            (
                DEVELOPMENT,
                STAGING,
                Lane(
                    "production",
                    "Production",
                    Rules(previous_environment=True, change_record=True, approvals={"product": 1, "technical": 1}, deployers=RELEASING),
                    30,
                ),
            ),
        ),
        Template(
            "regulated",
            "Regulated",
            "For decisions that an auditor asks about: as four eyes, and whoever approves does not promote; approvals count for 30 days.",
            (
                DEVELOPMENT,
                Lane("staging", "Staging", Rules(previous_environment=True, change_record=True, same_baseline=False), 30),
                Lane(
                    "production",
                    "Production",
                    Rules(
                        previous_environment=True,
                        change_record=True,
                        approvals={"product": 1, "technical": 1},
                        approval_days=30,
                        approver_may_deploy=False,
                        deployers=RELEASING,
                    ),
                    90,
                ),
            ),
        ),
    )
}
