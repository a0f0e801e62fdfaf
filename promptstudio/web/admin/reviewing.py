"""Deciding inside the panel: the review page's own template and services, at addresses of the panel."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from promptstudio.deployments.gates import Outcome
from promptstudio.deployments.glance import at_a_glance
from promptstudio.reviews.models import Review

from ..answers import see_other
from ..requests import StudioRequest
from ..templatetags.studio import state_badge
from ..views.reviews import Refusal, commented, decided, review_context, withdrawn
from .queue import next_waiting
from .scoped import ReadOnlyAdmin, actor_of, lane_tag, when


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("open", "In review"), ("deployed", "Promoted"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "open":
            return queryset.filter(closed_at=None)
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    one, many, icon = "review", "reviews", "git-pull-request"
    hint = "Versions that ask to go live, and who has to say yes."
    project_path, prompt_path = "version__prompt__project", "version__prompt"
    list_display = ("asked_for", "place", "state", "met", "asked_by", when("asked_at", "Asked"))
    list_filter = (StateFilter, "environment", "version__prompt__project")
    search_fields = ("version__prompt__title", "version__semver")
    ordering = (F("closed_at").desc(nulls_first=True), "-asked_at")
    list_select_related = ("version__prompt__project", "version__prompt__folder", "environment__project", "asked_by")
    list_per_page = 25

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).with_changes_asked()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/comment/", view(require_POST(self.comment)), name="review_comment"),
            path("<int:pk>/withdraw/", view(require_POST(self.withdraw)), name="review_withdraw"),
            *super().get_urls(),
        ]

    @admin.display(description="Version")
    def asked_for(self, review: Review) -> str:
        return str(review.version)

    @admin.display(description="To", ordering="environment__position")
    def place(self, review: Review) -> str:
        return lane_tag(review.environment)

    @admin.display(description="State")
    def state(self, review: Review) -> str:
        if review.is_open:
            return state_badge("changes_requested" if getattr(review, "changes_asked", False) else "in_review")
        return state_badge("live", "Promoted") if review.outcome == Review.Outcome.DEPLOYED else state_badge("withdrawn")

    @admin.display(description="Conditions met")
    def met(self, review: Review) -> str:
        gates: list[Outcome] = getattr(review, "glance", [])
        return f"{sum(gate.passed for gate in gates)} of {len(gates)}" if gates else "—"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        still_open = [review for review in changelist.result_list if review.is_open]
        for review, gates in zip(still_open, at_a_glance(still_open).values(), strict=True):
            review.glance = gates
        return changelist

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """To read, and to decide: POST is the decision."""
        studio, review = self._asked_for(request, object_id)
        if request.method != "POST":
            return self._page(studio, review)
        if refusal := decided(studio, review):
            return self._page(studio, review, refusal)
        messages.success(request, "Your decision is recorded.")
        return see_other(_address(review))

    def comment(self, request: HttpRequest, pk: int) -> HttpResponse:
        studio, review = self._asked_for(request, pk)
        if refusal := commented(studio, review):
            return self._page(studio, review, refusal)
        return see_other(_address(review) + "#talk-h")

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        studio, review = self._asked_for(request, pk)
        if refusal := withdrawn(studio, review):
            return self._page(studio, review, refusal)
        return see_other(_address(review))

    def _asked_for(self, request: HttpRequest, pk: Any) -> tuple[StudioRequest, Review]:
        found = Review.objects.visible_to(actor_of(request)).with_everything().with_changes_asked()
        return cast(StudioRequest, request), get_object_or_404(found, pk=pk if str(pk).isdecimal() else 0)

    def _page(self, request: StudioRequest, review: Review, refusal: Refusal | None = None) -> HttpResponse:
        following, others = next_waiting(request, review)
        context = {
            **self.admin_site.each_context(request),
            **review_context(request, review),
            "title": f"{review.version} to {review.environment}",
            "opts": self.opts,
            "decide_url": _address(review),
            "comment_url": reverse("admin:review_comment", args=[review.pk]),
            "withdraw_url": reverse("admin:review_withdraw", args=[review.pk]),
            "promote_url": f"{reverse('admin:promote_version', args=[review.version_id])}?environment={review.environment_id}",
            "following": following,
            "others": others,
        }
        shown, status = (refusal.shown, refusal.status) if refusal else ({}, 200)
        return TemplateResponse(request, "admin/review.html", context | shown, status=status)


def _address(review: Review) -> str:
    return reverse("admin:reviews_review_change", args=[review.pk])
