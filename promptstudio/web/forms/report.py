"""Which environment and which days a report is about."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from promptstudio.projects.models import Environment, Project

from .period import PeriodFields

LONGEST_DAYS = 400
USUAL_DAYS = 30


class PeriodForm(PeriodFields):
    """Bound to the address; without one, the last thirty days of the last environment."""

    environment = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose one from the list."})
    field_order = ("environment", "since", "until")

    def __init__(self, data: Any, *, project: Project) -> None:
        today = timezone.localdate()
        self.places = list(project.environments.select_related("project").order_by("position"))
        usual = {"since": today - timedelta(days=USUAL_DAYS), "until": today, "environment": self.places[-1].slug if self.places else ""}
        given = {name: data.get(name, "").strip() for name in usual}
        super().__init__({name: given[name] or str(usual[name]) for name in usual}, auto_id="f-%s", use_required_attribute=False)
        choice = self.fields["environment"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(place.slug, place.name) for place in self.places]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and (until - since).days > LONGEST_DAYS:
            self.add_error("since", f"A report covers at most {LONGEST_DAYS} days. Choose a later first day.")
        return cleaned

    @property
    def place(self) -> Environment | None:
        """The chosen one; None when the project has none."""
        return next((place for place in self.places if place.slug == self.cleaned_data.get("environment")), None)

    @property
    def period(self) -> tuple[datetime, datetime]:
        """Both days included; the end itself is not."""
        assert self.beginning
        assert self.end
        return self.beginning, self.end
