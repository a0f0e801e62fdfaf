"""What the audit page filters by."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import Deployment
from promptstudio.projects.models import Membership, Project
from promptstudio.prompts.models import Draft, NamedExample, Prompt, Request, Version
from promptstudio.reviews.models import Review, Thread

from .period import PeriodFields
from .words import Words

# what people call it: the beginnings of the actions
KINDS = {
    "writing": (
        "Prompts, drafts and versions",
        (
            "prompt.",
            "draft.",
            "version.",
            "example.",
            "snippet.",
            "filter.",
            "import.",
            "model.",
            "answer.",
            "suite.",
            "case.",
            "judge.",
            "comparison.",
            "criterion.",
        ),
    ),
    "requests": ("Requests", ("request.",)),
    "reviews": ("Reviews and comments", ("review.", "thread.", "suggestion.")),
    "promotions": (
        "Promotions and rollbacks",
        ("deployment.", "emergency.", "schedule.", "release.", "rollback.", "prompt.taken_out", "version.recalled"),
    ),
    "publications": ("Publications", ("publication.", "places.", "deployment.seal_broken")),
    "exports": ("Files taken out", ("audit.",)),
    "people": ("People and keys", ("role.", "access.signed", "service_account.", "key.", "text.")),
    "rules": ("Environments and conditions", ("project.", "folder.", "environment.", "policy.", "target.", "control.")),
}
SITE_KINDS = {
    "sign_ins": ("Sign-ins and sessions", ("person.signed_", "sign_in.", "sessions.", "break_glass.", "key.")),
    "accounts": (
        "People and groups",
        ("person.", "group_mapping.", "role.", "access.signed", "text.", "names.", "substitute.", "notifications."),
    ),
    "rules": ("Projects and rules", ("project.", "floor.", "control.", "model_entry.", "model.")),
    "snippets": ("The organisation's snippets", ("snippet.",)),
    "exports": KINDS["exports"],
}
REFUSED = ("blocked", "not_allowed", "refused")


class AuditFilter(PeriodFields):
    """Bound to the address. `entries()` gives what the valid fields ask for. Without a project, of what belongs to none."""

    person = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose someone from the list."})
    kind = forms.ChoiceField(label="What", required=False, error_messages={"invalid_choice": "Choose one from the list."})
    environment = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose one from the list."})
    about = Words(label="Prompt", required=False, max_length=200)
    field_order = ("person", "kind", "environment", "about", "since", "until")

    def __init__(self, data: Any, *, project: Project | None) -> None:
        super().__init__(data, auto_id="f-%s", use_required_attribute=False)
        self.project = project
        self._field("person").choices = [("", "Everybody"), *_people(project)]
        kinds = KINDS if project else SITE_KINDS
        self._field("kind").choices = [("", "Everything"), *((value, label) for value, (label, _) in kinds.items()), ("refused", "Refused")]
        if project:
            places = list(project.environments.order_by("position").values_list("slug", "name"))
            self._field("environment").choices = [("", "Every environment"), *places]
            self.fields["about"].widget.attrs["placeholder"] = "Title or name"
        else:
            del self.fields["environment"]
            self.fields["about"].label = "About"

    def entries(self) -> "QuerySet[Entry]":
        self.is_valid()
        given = self.cleaned_data
        found = Entry.objects.filter(project_uid=self.project.uid if self.project else None)
        if given.get("person"):
            found = found.filter(actor_uid=given["person"])
        if given.get("kind"):
            found = found.filter(_of_kind(given["kind"]))
        if given.get("environment"):
            # `data` is canonical: no spaces, and quotation marks within a text are escaped.
            found = found.filter(data__contains=f'"environment":"{given["environment"]}"')
        if given.get("about"):
            found = found.filter(_about(self.project, given["about"]))
        if self.beginning:
            found = found.filter(created_at__gte=self.beginning)
        if self.end:
            found = found.filter(created_at__lt=self.end)
        return found.order_by("-created_at", "-id")

    @property
    def in_use(self) -> bool:
        return any(self.cleaned_data.values()) if self.is_valid() else True

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


def _people(project: Project | None) -> list[tuple[str, str]]:
    """Whoever has or had a role here, its applications, and the clock; for the installation, everybody who signs in, and the clock."""
    if project is None:
        everybody = User.objects.exclude(kind=User.Kind.SERVICE_ACCOUNT).order_by("name", "pk")
        return [(str(user.uid), user.name) for user in everybody]
    members = Membership.history.filter(project_id=project.pk).values("user_id")  # type: ignore[attr-defined]
    found = User.objects.filter(Q(pk__in=members) | Q(service_account__project=project) | Q(kind=User.Kind.SYSTEM) | Q(is_superuser=True))
    return [(str(user.uid), user.name) for user in found.order_by("name", "pk").distinct()]


def _of_kind(kind: str) -> Q:
    wanted = Q(pk__in=[])
    if kind == "refused":
        for word in REFUSED:
            wanted |= Q(action__endswith=f".{word}")
        return wanted
    for beginning in (KINDS | SITE_KINDS)[kind][1]:
        wanted |= Q(action__startswith=beginning)
    return wanted


def _about(project: Project | None, typed: str) -> Q:
    """Entries that name it, and everything that happened to the one prompt of that name or title."""
    if project is None:
        return Q(object_label__icontains=typed)
    prompts = Prompt.objects.filter(project=project).filter(Q(name=typed) | Q(title__iexact=typed))
    wanted = Q(object_label__icontains=typed) | Q(object_uid__in=prompts.values("uid"))
    for model in (Version, Draft, NamedExample, Request):
        wanted |= Q(object_uid__in=model.objects.filter(prompt__in=prompts).values("uid"))
    wanted |= Q(object_uid__in=Thread.objects.filter(version__prompt__in=prompts).values("uid"))
    wanted |= Q(object_uid__in=Review.objects.filter(version__prompt__in=prompts).values("uid"))
    return wanted | Q(object_uid__in=Deployment.objects.filter(placement__prompt__in=prompts).values("uid"))
