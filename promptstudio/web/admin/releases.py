"""Prompts, versions, deployments and what the gates answered: to read, and to promote through the same door as everyone."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import board, gates, services
from promptstudio.deployments.erasing import erase_request, erase_words
from promptstudio.deployments.models import Conclusion, CriterionOutcome, Deployment, Evaluation, Recall, Schedule
from promptstudio.deployments.permissions import can_deploy
from promptstudio.evaluations.models import AcceptedCase, Ballot, Comparison, Rater, Rating
from promptstudio.lib.errors import Invalid, NotAllowed, StudioError
from promptstudio.notifications.models import HookMessage
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Request, RequestEvent, Version
from promptstudio.reviews.models import Comment, Decision, Remark, Suggestion

from ..checklist import checklist
from ..forms.prompts import add_errors
from ..middleware import refused
from ..requests import StudioRequest, deployment_url, prompt_url
from ..templatetags.studio import state_badge
from ..templatetags.talking import plainly
from ..views.deploying import difference, seen_deployment
from .scoped import ReadOnlyAdmin, actor_of, lane_tag, when


@admin.register(Prompt)
class PromptAdmin(ReadOnlyAdmin):
    one, many, icon = "prompt", "prompts", "file-text"
    hint = "Every prompt that you may see, in all your projects."
    prompt_path = "pk"
    list_display = ("title", "name", "project", "folder", "owner", "open")
    list_filter = ("project", "origin")
    search_fields = ("title", "name")
    list_select_related = ("project", "folder", "owner")
    fields = ("title", "name", "project", "folder", "owner", "origin", "created_at", "open")
    readonly_fields = ("open",)

    @admin.display(description="Page")
    def open(self, prompt: Prompt) -> str:
        return format_html('<a href="{}">Open the prompt</a>', prompt_url(prompt))


class PromoteForm(forms.Form):
    environment = forms.ModelChoiceField(
        Environment.objects.none(), empty_label="Choose an environment", error_messages={"required": "Choose where it should go."}
    )
    reason = forms.CharField(label="Why now", required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Everyone will see it.")

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].queryset = version.prompt.project.environments.order_by("position")  # type: ignore[attr-defined]


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    one, many, icon = "version", "versions", "versions"
    hint = "Every saved version. Versions never change; promote one from here."
    project_path, prompt_path = "prompt__project", "prompt"
    list_display = ("prompt", "semver", "impact", "told", "created_by", when("created_at", "Saved"), "promote_link")
    list_filter = ("prompt__project", "impact", "origin")
    search_fields = ("prompt__title", "prompt__name", "semver", "summary")
    list_select_related = ("prompt__project", "created_by")
    ordering = ("-id",)
    fields = ("prompt", "semver", "impact", "summary", "origin", "created_by", "created_at", "digest", "page")
    readonly_fields = ("page",)
    change_form_template = "admin/version_change.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.promote))
        promote = path("<int:pk>/promote/", view, name="promote_version")
        return [promote, *super().get_urls()]

    @admin.display(description="Summary")
    def told(self, version: Version) -> str:
        return format_html('<span class="words" dir="auto">{}</span>', version.summary)

    @admin.display(description="Page")
    def page(self, version: Version) -> str:
        return format_html('<a href="{}">Read the version</a>', prompt_url(version.prompt, "version", version.semver))

    @admin.display(description="Promote")
    def promote_link(self, version: Version) -> str:
        return format_html('<a class="nowrap" href="{}">Promote…</a>', reverse("admin:promote_version", args=[version.pk]))

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """First where, then the difference for its readers and the gates; the same door as the pages and the API."""
        version = get_object_or_404(self.get_queryset(request).select_related("prompt__project"), pk=pk)
        form = PromoteForm(request.POST or None, version=version, initial={"environment": request.GET.get("environment")})
        if request.method != "POST":
            return self._promote_page(request, version, form)
        if not form.is_valid():
            return self._promote_page(request, version, form, status=422)
        studio = cast(StudioRequest, request)
        try:
            # Without `replaces` in the form nothing was shown, so nothing that was not seen can be overwritten either.
            replaces = seen_deployment(studio, version.prompt) if "replaces" in request.POST else services.ANY
            place, reason = form.cleaned_data["environment"], form.cleaned_data["reason"]
            deployment = services.deploy(version=version, environment=place, reason=reason, replaces=replaces, actor=studio.actor)
        except services.Blocked as blocked:
            return self._promote_page(request, version, form, status=409, was_refused=True, gates=blocked.evaluation.answers)
        except Invalid as error:
            add_errors(form, error.errors)
            return self._promote_page(request, version, form, status=422)
        except StudioError as error:
            if isinstance(error, NotAllowed):
                refused(request, error, project=version.prompt.project)
            return self._promote_page(request, version, form, status=403 if error.code == "not_allowed" else 409, conflict=error.sentence)
        messages.success(request, f"{version.semver} is on its way to {deployment.placement.environment}.")
        return redirect(deployment_url(deployment))

    def _promote_page(self, request: HttpRequest, version: Version, form: PromoteForm, *, status: int = 200, **more: Any) -> HttpResponse:
        chosen = form["environment"].value()
        place = version.prompt.project.environments.filter(pk=chosen if str(chosen).isdecimal() else 0).first()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Promote {version}",
            "version": version,
            "prompt": version.prompt,
            "form": form,
            "opts": self.opts,
            "environment": place,
        }
        if place:
            candidate = gates.candidate_for(version, place, by=actor_of(request).user)
            context |= difference(candidate.live, version, place) | {
                "checklist": checklist(more.pop("gates", None) or gates.evaluate(candidate), version, place),
                "cell": board.row(version.prompt).cell(place),
                "targets": place.targets.filter(is_active=True),
                "may": can_deploy(actor_of(request), place, version.prompt),
            }
            context["open_gates"] = context["checklist"].open
        context |= more
        return TemplateResponse(request, "admin/promote.html", context, status=status)


class ErasingAdmin(ReadOnlyAdmin):
    """Rows with words that may hold personal data."""

    actions = ("erase",)
    stays = ""

    @admin.action(description="Erase the words…")
    def erase(self, request: HttpRequest, queryset: Any) -> Any:
        sentence = (
            "“[erased]” takes the place of what was written here, and of its copies in the audit trail, which keeps a hash. "
            f"{self.stays}There is no way back. Files that were exported before still hold the words."
        )
        if page := self.confirm(request, queryset, title="Erase words", sentence=sentence):
            return page

        def erase(row: Any) -> str:
            self.erase_words_of(row, actor_of(request))
            return f"The words of “{row}” are erased."

        return self.each(request, queryset, erase)

    def erase_words_of(self, row: Any, actor: Actor) -> None:
        erase_words(row=row, actor=actor)


class SpokenAdmin(ErasingAdmin):
    """What somebody said, with the names of whom they mentioned."""

    section = "releases"
    search_fields = ("text", "author__name")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("mentions__person")

    @admin.display(description="Text")
    def words(self, said: Comment | Decision | Remark) -> str:
        return plainly(said)


@admin.register(Decision)
class DecisionAdmin(SpokenAdmin):
    one, many, icon = "decision", "decisions", "circle-check"
    hint = "What each reviewer decided, and in which words."
    project_path, prompt_path = "review__version__prompt__project", "review__version__prompt"
    list_display = ("person", "role", "verdict", "review", "words", when("decided_at", "Decided"))
    list_filter = ("verdict", "role")
    search_fields = ("comment", "person__name")
    list_select_related = ("person", "review__version__prompt__project", "review__environment")


@admin.register(Comment)
class CommentAdmin(SpokenAdmin):
    one, many, icon = "comment", "comments", "message"
    hint = "What was said about versions in review."
    project_path, prompt_path = "review__version__prompt__project", "review__version__prompt"
    list_display = ("author", "review", "words", when("written_at", "Written"))
    list_select_related = ("author", "review__version__prompt__project", "review__environment")


@admin.register(Remark)
class RemarkAdmin(SpokenAdmin):
    one, many, icon = "remark", "remarks", "message"
    hint = "What was said about lines of versions."
    project_path, prompt_path = "thread__version__prompt__project", "thread__version__prompt"
    list_display = ("author", "thread", "words", when("written_at", "Written"))
    list_select_related = ("author", "thread__version__prompt__project")


@admin.register(Suggestion)
class SuggestionAdmin(ErasingAdmin):
    one, many, icon = "suggestion", "suggestions", "pencil"
    hint = "Other words that somebody suggested for lines of versions."
    section = "releases"
    project_path, prompt_path = "remark__thread__version__prompt__project", "remark__thread__version__prompt"
    list_display = ("by", "lines", "text")
    search_fields = ("text", "remark__author__name")
    list_select_related = ("remark__author", "remark__thread__version__prompt__project")

    @admin.display(description="Suggested by")
    def by(self, suggestion: Suggestion) -> str:
        return str(suggestion.remark.author)

    @admin.display(description="For")
    def lines(self, suggestion: Suggestion) -> str:
        return str(suggestion.remark.thread)


@admin.register(Rating)
class RatingAdmin(ErasingAdmin):
    one, many, icon = "thumb", "thumbs", "thumb-up"
    hint = "What people thought of answers of models."
    section = "releases"
    project_path, prompt_path = "answer__prompt__project", "answer__prompt"
    list_display = ("person", "verdict", "answer", "words", when("rated_at", "Rated"))
    list_filter = ("verdict",)
    search_fields = ("words", "person__name")
    list_select_related = ("person", "answer__prompt__project")


@admin.register(Comparison)
class ComparisonAdmin(ErasingAdmin):
    one, many, icon = "comparison by people", "comparisons by people", "users"
    hint = "Where people were asked which of two answers is better, and what they were asked."
    section = "releases"
    project_path, prompt_path = "prompt__project", "prompt"
    list_display = ("told", "prompt", "question", "asked_by", when("asked_at", "Asked"), when("closed_at", "Closed"))
    search_fields = ("question", "prompt__title", "asked_by__name")
    list_select_related = ("prompt__project", "asked_by", "new__suite_version__suite", "old")

    @admin.display(description="Between")
    def told(self, comparison: Comparison) -> str:
        return str(comparison)


@admin.register(Ballot)
class BallotAdmin(ErasingAdmin):
    one, many, icon = "choice between answers", "choices between answers", "users"
    hint = "What people said when they compared answers, once they had finished."
    section = "releases"
    project_path, prompt_path = "rater__comparison__prompt__project", "rater__comparison__prompt"
    list_display = ("person", "comparison", "words", when("cast_at", "Chosen"))
    search_fields = ("words", "rater__person__name")
    list_select_related = ("rater__person", "rater__comparison__new__suite_version__suite", "rater__comparison__old")

    def get_queryset(self, request: HttpRequest) -> Any:
        done = Q(rater__finished_at__isnull=False) | Q(rater__comparison__closed_at__isnull=False)
        # Whoever is still asked reads here no more of what others said than on the pages.
        asked = Rater.objects.filter(person=request.user.pk, finished_at=None, comparison__closed_at=None).values("comparison")
        return super().get_queryset(request).filter(done).exclude(choice="").exclude(rater__comparison__in=asked)

    @admin.display(description="Chosen by")
    def person(self, ballot: Ballot) -> str:
        return str(ballot.rater.person)

    @admin.display(description="In")
    def comparison(self, ballot: Ballot) -> str:
        return str(ballot.rater.comparison)


@admin.register(Request)
class RequestAdmin(ErasingAdmin):
    one, many, icon = "request", "requests", "message"
    hint = "What people asked for before it was written."
    section = "releases"
    project_path = "project"
    stays = "Its title stays, and so do examples that its answers became; change those at the prompt. "
    list_display = ("title", "project", "asked_by", "wanted", when("asked_at", "Asked"))
    search_fields = ("title", "wanted", "asked_by__name")
    list_select_related = ("project", "asked_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        # As for its steps.
        return super().get_queryset(request).filter(pk__in=Request.objects.visible_to(actor_of(request)))

    def erase_words_of(self, row: Request, actor: Actor) -> None:
        erase_request(request=row, actor=actor)


@admin.register(RequestEvent)
class RequestEventAdmin(ErasingAdmin):
    one, many, icon = "step of a request", "steps of requests", "message"
    hint = "What was done and said about what people asked for."
    section = "releases"
    project_path = "request__project"
    list_display = ("request", "by", "kind", "words", when("at", "When"))
    list_filter = ("kind",)
    search_fields = ("words", "by__name", "request__title")
    list_select_related = ("request__project", "by")

    def get_queryset(self, request: HttpRequest) -> Any:
        # Its prompt may be hidden in a visible project, and it may have none yet.
        return super().get_queryset(request).filter(request__in=Request.objects.visible_to(actor_of(request)))


@admin.register(Recall)
class RecallAdmin(ErasingAdmin):
    one, many, icon = "recall", "recalls", "ban"
    hint = "Versions that must not be used again until a new review lets them."
    project_path, prompt_path = "version__prompt__project", "version__prompt"
    list_display = ("version", "by", "reason", when("created_at", "Recalled"))
    search_fields = ("reason", "version__prompt__title")
    list_select_related = ("version__prompt__project", "by")


@admin.register(AcceptedCase)
class AcceptedCaseAdmin(ErasingAdmin):
    one, many, icon = "accepted case", "accepted cases", "test-pipe"
    hint = "Cases that somebody let get worse than on what was live, and why."
    section = "releases"
    project_path, prompt_path = "version__prompt__project", "version__prompt"
    list_display = ("version", "environment", "suite", "accepted", "by", "reason", when("at", "Said"))
    list_filter = ("accepted", "environment")
    search_fields = ("reason", "version__prompt__title", "by__name")
    list_select_related = ("version__prompt__project", "environment", "suite", "by")


@admin.register(CriterionOutcome)
class CriterionOutcomeAdmin(ErasingAdmin):
    one, many, icon = "outcome of a criterion", "outcomes of criteria", "circle-check"
    hint = "How changes came out, as measured by tests or as people said who were asked."
    project_path = "watch__criterion__version__prompt__project"
    prompt_path = "watch__criterion__version__prompt"
    list_display = ("criterion", "outcome", "sentence", "words", "by", when("at", "Closed"))
    list_filter = ("outcome",)
    search_fields = ("words", "watch__criterion__version__prompt__title", "by__name")
    list_select_related = ("by", "watch__criterion__version__prompt__project", "watch__deployment__placement__environment")

    @admin.display(description="Criterion")
    def criterion(self, outcome: CriterionOutcome) -> str:
        return str(outcome.watch)


@admin.register(Conclusion)
class ConclusionAdmin(ErasingAdmin):
    one, many, icon = "after-review", "after-reviews", "bolt"
    hint = "What was said afterwards about promotions in an emergency."
    project_path = "after_review__deployment__placement__prompt__project"
    prompt_path = "after_review__deployment__placement__prompt"
    list_display = ("after_review", "verdict", "words", "by", when("at", "Closed"))
    list_filter = ("verdict",)
    search_fields = ("words", "by__name")
    list_select_related = (
        "by",
        "after_review__deployment__version__prompt__project",
        "after_review__deployment__placement__environment",
    )


@admin.register(Schedule)
class ScheduleAdmin(ErasingAdmin):
    one, many, icon = "scheduled promotion", "scheduled promotions", "calendar-time"
    hint = "What waits for its moment, and what became of what waited."
    project_path, prompt_path = "placement__prompt__project", "placement__prompt"
    list_display = ("version", "place", when("at", "When"), "state", "because", "by", "reason")
    list_filter = ("state", "placement__environment")
    search_fields = ("version__prompt__title", "reason", "by__name")
    list_select_related = ("version__prompt__project", "placement__environment", "placement__prompt__project", "by")

    @admin.display(description="Environment")
    def place(self, schedule: Schedule) -> str:
        return lane_tag(schedule.placement.environment)


@admin.register(Deployment)
class DeploymentAdmin(ErasingAdmin):
    one, many, icon = "deployment", "deployments", "rocket"
    hint = "What was sent where, by whom and why."
    project_path, prompt_path = "placement__prompt__project", "placement__prompt"
    list_display = ("version", "environment", "state_shown", "way", "by", when("created_at", "Sent"), "reason_told")
    list_filter = ("way", "placement__environment", "placement__prompt__project")
    search_fields = ("version__prompt__title", "version__semver", "reason")
    date_hierarchy = "created_at"
    list_select_related = ("version__prompt__project", "placement__environment", "placement__prompt__project", "by")
    fields = ("version", "environment", "state_shown", "way", "reason", "by", "via", "created_at", "replaced", "evaluation", "page")
    readonly_fields = ("environment", "state_shown", "replaced", "page")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).with_state()

    @admin.display(description="Environment")
    def environment(self, deployment: Deployment) -> str:
        return lane_tag(deployment.placement.environment)

    @admin.display(description="State")
    def state_shown(self, deployment: Deployment) -> str:
        return state_badge(deployment.state)

    @admin.display(description="Why")
    def reason_told(self, deployment: Deployment) -> str:
        return format_html('<span class="words" dir="auto">{}</span>', deployment.reason or "—")

    @admin.display(description="In place of")
    def replaced(self, deployment: Deployment) -> str:
        return deployment.replaces.version.semver if deployment.replaces else "nothing"

    @admin.display(description="Page")
    def page(self, deployment: Deployment) -> str:
        return format_html('<a href="{}">Follow it place by place</a>', deployment_url(deployment))


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    one, many, icon = "answer of the conditions", "answers of the conditions", "circle-check"
    hint = "What each condition answered when somebody wanted to promote, refusals included."
    project_path, prompt_path = "environment__project", "version__prompt"
    list_display = ("version", "place", "answer", "missing", "way", "by", when("created_at", "Asked"))
    list_filter = ("passed", "way", "environment")
    search_fields = ("version__prompt__title", "version__semver")
    ordering = ("-id",)
    list_select_related = ("version__prompt", "environment", "by")
    fields = ("version", "environment", "policy", "way", "by", "created_at")
    change_form_template = "admin/evaluation.html"

    @admin.display(description="Environment", ordering="environment__position")
    def place(self, evaluation: Evaluation) -> str:
        return lane_tag(evaluation.environment)

    @admin.display(description="Answer", ordering="passed")
    def answer(self, evaluation: Evaluation) -> str:
        if evaluation.way == "emergency":
            return state_badge("emergency", "Passed over")
        return state_badge("passed", "Let in") if evaluation.passed else state_badge("blocked", "Held back")

    @admin.display(description="Because of")
    def missing(self, evaluation: Evaluation) -> str:
        return ", ".join(outcome["title"] for outcome in evaluation.blocked) or "—"


@admin.register(HookMessage)
class HookMessageAdmin(ReadOnlyAdmin):
    one, many, icon = "webhook message", "webhook messages", "send"
    hint = "What the receiver outside was told of gates and tests, and what became of it."
    section = "releases"
    project_path, prompt_path = "prompt__project", "prompt"
    list_display = ("kind", "prompt", when("created_at", "Written"), when("sent_at", "Sent"), "tries", "error")
    list_filter = ("kind",)
    search_fields = ("prompt__title", "body")
    list_select_related = ("prompt__project",)
