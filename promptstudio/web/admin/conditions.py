"""The conditions of an environment. A change is a new policy; the form says what it would mean before it is saved."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from promptstudio.lib.errors import Invalid
from promptstudio.projects import services as projects
from promptstudio.projects.conditions import changed_in_words, in_words, with_conditions
from promptstudio.projects.models import Environment, PendingChange, Policy, Role
from promptstudio.projects.roles import DEPLOYERS, IN_AN_EMERGENCY, REVIEWERS
from promptstudio.projects.rules import Rules

from ..templatetags.studio import state_badge
from .calendars import CalendarForm, calendar_initial
from .preview import Preview, of_conditions
from .scoped import ScopedAdmin, ServiceForm, actor_of, when

YES_OR_NO = (
    "previous_environment",
    "change_record",
    "model_not_retired",
    "portable",
    "asker_confirms",
    "no_open_changes",
    "no_open_comments",
    "tests",
    "never_fail",
    "no_regression",
    "significance",
    "folder_reviewers",
    "suggester_counts_as_author",
    "same_baseline",
    "approver_may_deploy",
)
NUMBERS = ("previous_hours", "approval_days", "tests_days", "tests_repeats", "cost_percent", "p95_percent")
# The fields that both forms show under “What a version needs”.
NEEDS = (
    "previous_environment",
    "previous_hours",
    "change_record",
    "model_not_retired",
    "portable",
    "asker_confirms",
    "no_open_changes",
    "no_open_comments",
)
# What they show under “Tests”.
TESTS = (
    "tests",
    "tests_days",
    "tests_repeats",
    "never_fail",
    "no_regression",
    "accepters",
    "significance",
    "cost_percent",
    "p95_percent",
)


TESTS_IN_WORDS = "Suites of cases stand in the tab Tests of each prompt. What is measured is exactly this version."
CALENDAR = ("hours_days", "hours_open", "hours_close", "zone", "other_hours", "freezes")
CALENDAR_HINT = "Leave all of it empty where promotion is allowed at any time. The way back is always open."


class ConditionsForm(CalendarForm, ServiceForm):
    """Rules as fields: the gates of an environment, or the floor of all."""

    previous_environment = forms.BooleanField(
        label="It was live in the environment before", required=False, help_text="Does nothing in the first environment."
    )
    previous_hours = forms.IntegerField(
        label="Hours that it has to stay there",
        required=False,
        min_value=1,
        max_value=8760,
        help_text="Up to the moment of its promotion, without a break. Empty: however short.",
    )
    change_record = forms.BooleanField(
        label="A complete change record", required=False, help_text="Expected impact and how we will know are written."
    )
    model_not_retired = forms.BooleanField(
        label="Its model is not retired", required=False, help_text="By the list of models, on the day of its promotion."
    )
    portable = forms.BooleanField(
        label="It fits every place that it is sent to",
        required=False,
        help_text="What a place cannot hold is told before the promotion, instead of after.",
    )
    asker_confirms = forms.BooleanField(
        label="Whoever asked for it has confirmed it",
        required=False,
        help_text="Where a request came before the writing. Without a request it asks nobody.",
    )
    no_open_changes = forms.BooleanField(
        label="No reviewer asks for changes", required=False, help_text="Also where nobody's approval is asked for."
    )
    no_open_comments = forms.BooleanField(
        label="Every comment on its lines is settled", required=False, help_text="Also of comments on earlier versions."
    )
    tests = forms.BooleanField(
        label="Its required tests passed",
        required=False,
        help_text="On exactly this version, since it is live in the environment before. A prompt without a required suite cannot enter.",
    )
    tests_days = forms.IntegerField(
        label="Days that tests count", required=False, min_value=1, max_value=3650, help_text="Empty: for as long as it is live there."
    )
    tests_repeats = forms.IntegerField(
        label="Times that each case has to be asked",
        required=False,
        min_value=2,
        max_value=20,
        help_text="Models do not answer the same twice. The majority of the answers counts. Empty: once is enough.",
    )
    never_fail = forms.BooleanField(
        label="Cases that must never fail passed each time", required=False, help_text="Of every suite of the prompt, required or not."
    )
    no_regression = forms.BooleanField(
        label="No case is worse than on what is live",
        required=False,
        help_text="A case of a required suite that what is live passes, and the version does not, blocks until somebody accepts it.",
    )
    accepters = forms.MultipleChoiceField(
        choices=[(role, Role(role).label) for role in REVIEWERS],
        label="Who may accept a case that got worse",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="By name and with a reason, and never somebody who worked on the version.",
    )
    significance = forms.BooleanField(
        label="Statistics block as well",
        required=False,
        help_text="From 60 cases on it is said whether a difference may be chance. On: one that is worse, and hardly by chance, blocks.",
    )
    cost_percent = forms.IntegerField(
        label="Percent that a call may cost more than on what is live",
        required=False,
        min_value=0,
        max_value=1000,
        help_text="The mean over the required suites. Empty: it is not looked at.",
    )
    p95_percent = forms.IntegerField(
        label="Percent that answers may take longer than on what is live",
        required=False,
        min_value=0,
        max_value=1000,
        help_text="Of the time within which 19 of 20 answers come. Empty: it is not looked at.",
    )
    folder_reviewers = forms.BooleanField(
        label="Somebody who answers for its folder approves it",
        required=False,
        help_text="They are named under Settings › Folders. Where nobody is named, it asks nobody.",
    )
    suggester_counts_as_author = forms.BooleanField(
        label="Whoever suggested words of it does not approve it",
        required=False,
        help_text="Off: whoever takes a suggestion is its author, and who suggested it may approve.",
    )
    same_baseline = forms.BooleanField(
        label="Approvals count only against what is live now",
        required=False,
        initial=True,
        help_text="When something else goes live, whoever approved looks again and confirms.",
    )
    approval_days = forms.IntegerField(
        label="Days that an approval counts",
        required=False,
        min_value=1,
        max_value=3650,
        help_text="Empty: for as long as nothing else goes live.",
    )
    approver_may_deploy = forms.BooleanField(
        label="Whoever approved may promote as well", required=False, initial=True, help_text="Off: a third person promotes."
    )
    deployers = forms.MultipleChoiceField(
        choices=[(role, Role(role).label) for role in DEPLOYERS], label="Who may promote", widget=forms.CheckboxSelectMultiple
    )
    emergency = forms.MultipleChoiceField(
        choices=[(role, Role(role).label) for role in IN_AN_EMERGENCY],
        label="Who may promote in an emergency",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Past these conditions, with a reason. Every project admin is told, and another one looks at it afterwards.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deployers"].initial = list(DEPLOYERS)
        self.fields["accepters"].initial = list(Rules().accepters)
        self.fields["emergency"].initial = list(Rules().emergency)

    def rules_data(self) -> dict[str, Any]:
        """What the form says, as `projects.rules.Rules` reads it."""
        given = self.cleaned_data
        approvals = {role: given[f"approvals_{role}"] for role in REVIEWERS if given.get(f"approvals_{role}")}
        # They say nothing where no case is compared.
        accepters = {"accepters": given["accepters"]} if given["no_regression"] else {}
        chosen = {name: given[name] for name in (*YES_OR_NO, *NUMBERS)}
        return {
            **chosen,
            **self.calendar,
            "approvals": approvals,
            **accepters,
            "deployers": given["deployers"],
            "emergency": given["emergency"],
        }


def initial_of(rules: Rules) -> dict[str, Any]:
    """What `ConditionsForm` starts with, to show these."""
    approvals = {f"approvals_{role}": count for role, count in rules.approvals.items()}
    listed = {name: list(getattr(rules, name)) for name in ("accepters", "deployers", "emergency")}
    chosen = rules.model_dump(include={*YES_OR_NO, *NUMBERS})
    return {**chosen, **approvals, **calendar_initial(rules), **listed}


class CountField(forms.IntegerField):
    """None is zero."""

    def clean(self, value: Any) -> Any:
        return super().clean(0 if value in self.empty_values else value)


for _role in REVIEWERS:
    ConditionsForm.base_fields[f"approvals_{_role}"] = CountField(
        label=f"{Role(_role).label} approvals", min_value=0, max_value=9, initial=0
    )
    ConditionsForm.declared_fields[f"approvals_{_role}"] = ConditionsForm.base_fields[f"approvals_{_role}"]


class PolicyForm(ConditionsForm):
    """The gates of one environment; saving puts a new policy in force."""

    class Meta:
        model = Policy
        fields = ("environment",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "environment" in self.fields:
            # Environments of two projects may have one name.
            self.fields["environment"].label_from_instance = lambda place: f"{place.project}: {place}"  # type: ignore[attr-defined]

    def save_by(self) -> Policy | PendingChange:  # type: ignore[override]
        return projects.change_policy(environment=self.cleaned_data["environment"], data=self.rules_data(), actor=self.actor)


@admin.register(Policy)
class PolicyAdmin(ScopedAdmin):
    form = PolicyForm
    one, many, icon, section = "set of conditions", "conditions", "shield-check", "places"
    hint = "What a version needs to enter each environment, and what was asked before. A change is a new row."
    project_path = "environment__project"
    list_display = ("place", "project", "number", "in_force", "in_words", "created_by", when("created_at", "Since"))
    list_filter = ("environment__project", "environment")
    list_select_related = ("environment__project", "created_by")
    ordering = ("environment__project__name", "environment__position", "-number")
    add_form_template = "admin/policy_form.html"

    def get_urls(self) -> list[Any]:
        preview = path("preview/", self.admin_site.admin_view(require_POST(self.preview)), name="policy_preview")
        return [preview, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        before = Environment.objects.filter(project=OuterRef("environment__project"), position__lt=OuterRef("environment__position"))
        newest = Policy.objects.filter(environment=OuterRef("environment")).order_by("-number")
        return (
            super()
            .get_queryset(request)
            .annotate(
                previous_name=Subquery(before.order_by("-position").values("name")[:1]),
                newest_number=Subquery(newest.values("number")[:1]),
            )
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A policy never changes: a new one takes its place.
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"add_label": "Change conditions"})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Starts from the conditions in force: an empty form would drop them all unsaid."""
        if request.method != "POST" and not request.GET.get("environment", "").isdecimal():
            messages.info(request, "Choose the environment whose conditions you want to change.")
            return redirect("admin:projects_environment_changelist")
        return super().add_view(request, form_url, extra_context)

    def preview(self, request: HttpRequest) -> HttpResponse:
        """What the form says so far, in words."""
        data = request.POST.copy()
        data["_preview"] = "1"
        return render(request, "admin/_preview.html", {"preview": self._preview(request, self.get_form(request)(data))})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        adding = kwargs.get("add", False)
        if adding:
            context["preview"] = self._preview(request, context["adminform"].form)
        response = super().render_change_form(request, context, *args, **kwargs)
        if adding:
            response.context_data["title"] = "Change the conditions"
        return response

    def _preview(self, request: HttpRequest, form: PolicyForm) -> Preview | None:
        """None while the form cannot be read, or names no environment of this person."""
        asked = form.data.get("environment", "") if form.is_bound else str(form.initial.get("environment", ""))
        mine = Environment.objects.filter(project__in=self.administered(request))
        environment = with_conditions(mine).filter(pk=asked if asked.isdecimal() else 0).first()
        if environment is None:
            return None
        if not form.is_bound:
            return of_conditions(environment, environment.policy.rules, actor_of(request))
        if set(form.errors) - {"__all__"}:
            return None
        try:
            return of_conditions(environment, projects.parse_rules(form.rules_data()), actor_of(request))
        except Invalid:
            return None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        environment = Environment.objects.filter(pk=request.GET["environment"], project__in=self.administered(request)).first()
        if environment is None:
            return {}
        return {"environment": environment.pk, **initial_of(environment.policy.rules)}

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Says what holds now, so that whoever dropped a condition by mistake sees it."""
        if isinstance(obj, PendingChange):
            return self._saved(request, obj)
        messages.success(request, f"In force from now on. {in_words(obj.environment, obj.rules)}")
        return redirect("admin:projects_policy_change", obj.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            told = ("environment", "number", "in_force", "in_words", "deployers_in_words", "changed", "before", "created_by", "created_at")
            return ((None, {"fields": told}),)
        approvals = tuple(f"approvals_{role}" for role in REVIEWERS)
        return (
            (None, {"fields": ("environment",)}),
            ("What a version needs", {"fields": NEEDS}),
            ("Tests", {"fields": TESTS, "description": TESTS_IN_WORDS}),
            (
                "Approvals",
                {
                    "fields": (*approvals, "folder_reviewers", "suggester_counts_as_author", "same_baseline", "approval_days"),
                    "description": "How many different people of each role must approve.",
                },
            ),
            ("When promotion is allowed", {"fields": CALENDAR, "description": CALENDAR_HINT}),
            ("Once the conditions are met", {"fields": ("deployers", "approver_may_deploy", "emergency")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("in_words", "in_force", "deployers_in_words", "changed", "before") if obj else ()

    @admin.display(description="Environment", ordering="environment__position")
    def place(self, policy: Policy) -> str:
        return policy.environment.name

    @admin.display(description="Project")
    def project(self, policy: Policy) -> str:
        return str(policy.environment.project)

    @admin.display(description="In force")
    def in_force(self, policy: Any) -> str:
        return state_badge("live", "In force") if policy.number == policy.newest_number else state_badge("behind", "Replaced")

    @admin.display(description="In words")
    def in_words(self, policy: Any) -> str:
        return format_html('<span class="words">{}</span>', policy.rules.in_words(policy.environment.name, policy.previous_name))

    @admin.display(description="Who may promote")
    def deployers_in_words(self, policy: Policy) -> str:
        return policy.rules.deployers_in_words(policy.environment.name)

    @admin.display(description="What changed")
    def changed(self, policy: Any) -> str:
        earlier = _before(policy)
        if earlier is None:
            return "These are the first."
        sentences = changed_in_words(earlier.rules, policy.rules, policy.environment.name, policy.previous_name)
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in sentences))

    @admin.display(description="Before it")
    def before(self, policy: Any) -> str:
        earlier = _before(policy)
        return earlier.rules.in_words(policy.environment.name, policy.previous_name) if earlier else "These are the first."


def _before(policy: Policy) -> Policy | None:
    return Policy.objects.filter(environment=policy.environment_id, number__lt=policy.number).order_by("-number").first()
