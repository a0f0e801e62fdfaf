"""How a change will be known to have worked, as people write it down, and what they answer when they are asked."""

from typing import Any

from django import forms

from promptstudio.accounts.models import User
from promptstudio.deployments.criterion_services import LONGEST_QUESTION
from promptstudio.deployments.permissions import people_to_ask
from promptstudio.evaluations.models import Suite
from promptstudio.lib.lengths import LONGEST_WORDS
from promptstudio.projects.models import Environment
from promptstudio.prompts.criteria import DIRECTIONS, LONGEST_WINDOW, MEASURED, METRICS
from promptstudio.prompts.models import Prompt

from .words import Words

NUMBER_OF_DAYS = f"Choose a number of days from 1 to {LONGEST_WINDOW}."
FROM_THE_LIST = {"invalid_choice": "Choose from the list.", "required": "Choose from the list."}


def _metric(name: str) -> str:
    """“Passed cases, at least … %”"""
    metric = METRICS[name]
    return f"{metric.words}, {DIRECTIONS[metric.direction]} …{f' {metric.unit}' if metric.unit else ''}"


class ByUid(forms.ModelChoiceField):
    """What is no uid at all is answered like one that is not on the list."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None


class HeldTo(forms.Form):
    """`cleaned_data` is what the service takes besides the version."""

    days = forms.IntegerField(
        label="Within how many days",
        min_value=1,
        max_value=LONGEST_WINDOW,
        initial=3,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NUMBER_OF_DAYS),
    )
    environment = forms.ModelChoiceField(
        Environment.objects.none(), to_field_name="slug", empty_label=None, label="After it went live in", error_messages=FROM_THE_LIST
    )

    def __init__(self, *args: Any, prompt: Prompt, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.prompt = prompt
        places = self.fields["environment"]
        assert isinstance(places, forms.ModelChoiceField)
        places.queryset = prompt.project.environments.all()
        places.initial = places.queryset.last()


class MeasuredForm(HeldTo):
    metric = forms.ChoiceField(label="What is measured", choices=[(name, _metric(name)) for name in MEASURED], error_messages=FROM_THE_LIST)
    threshold = Words(label="The number", max_length=40, help_text="Such as 95", error_messages={"required": "Write a number, such as 95."})
    suite = ByUid(Suite.objects.none(), to_field_name="uid", empty_label=None, label="By which tests", error_messages=FROM_THE_LIST)
    field_order = ("suite", "metric", "threshold", "days", "environment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="m-%s", **kwargs)
        suites = self.fields["suite"]
        assert isinstance(suites, forms.ModelChoiceField)
        suites.queryset = Suite.objects.in_use().filter(prompt=self.prompt)
        self.has_suites = suites.queryset.exists()


class AskedForm(HeldTo):
    metric = "asked"
    person = ByUid(User.objects.none(), to_field_name="uid", empty_label="Choose somebody", label="Who knows", error_messages=FROM_THE_LIST)
    question = Words(
        label="What they are asked",
        max_length=LONGEST_QUESTION,
        help_text="Something to say yes or no to: “Are there fewer complaints about missing dates?”",
        error_messages={"required": "Write what they are asked, such as “Are there fewer complaints?”"},
    )
    field_order = ("person", "question", "days", "environment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="a-%s", **kwargs)
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        asked = people_to_ask(self.prompt)
        people.queryset = User.objects.filter(pk__in=[person.pk for person in asked]).order_by("name")
        self.fields["days"].label, self.fields["days"].initial = "After how many days", 14

    def clean(self) -> dict[str, Any]:
        return {**(super().clean() or {}), "metric": self.metric}


class CriterionAnswerForm(forms.Form):
    verdict = forms.ChoiceField(
        label="What do you say?",
        choices=[("confirmed", "Yes, it came as it should"), ("missed", "No, it did not")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say yes or no.", "invalid_choice": "Say yes or no."},
    )
    words = Words(
        label="In your words",
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you saw, and where. Everyone who reads the change record reads it.",
    )
