"""Versions, reviews, deployments and the trail: to read, and to promote through the same door as everyone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from promptstudio.audit.models import Entry
from promptstudio.deployments import services
from promptstudio.deployments.erasing import erase_words
from promptstudio.deployments.models import Deployment, Evaluation, PublishJob, Recall
from promptstudio.lib.errors import StudioError
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Comment, Decision, Review

from ..requests import deployment_url, prompt_url, review_url
from .scoped import ReadOnlyAdmin, actor_of


@admin.register(Prompt)
class PromptAdmin(ReadOnlyAdmin):
    list_display = ("title", "name", "project", "folder", "owner", "open")
    list_filter = ("project", "origin")
    search_fields = ("title", "name")
    exclude = ("import_key",)

    @admin.display(description="Page")
    def open(self, prompt: Prompt) -> str:
        return format_html('<a href="{}">Open</a>', prompt_url(prompt))


class PromoteForm(forms.Form):
    environment = forms.ModelChoiceField(Environment.objects.none())
    reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].queryset = version.prompt.project.environments.all()  # type: ignore[attr-defined]


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    project_path = "prompt__project"
    list_display = ("prompt", "semver", "impact", "summary", "created_by", "created_at", "promote_link")
    list_filter = ("prompt__project", "impact", "origin")
    search_fields = ("prompt__title", "prompt__name", "semver", "summary")
    list_select_related = ("prompt__project", "created_by")
    change_form_template = "admin/version_change.html"

    def get_urls(self) -> list[Any]:
        promote = path("<int:pk>/promote/", self.admin_site.admin_view(self.promote), name="promote_version")
        return [promote, *super().get_urls()]

    @admin.display(description="Promote")
    def promote_link(self, version: Version) -> str:
        return format_html('<a href="{}">Promote…</a>', reverse("admin:promote_version", args=[version.pk]))

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same door as the pages and the API: the gates decide, and their answer stands on the page."""
        version = get_object_or_404(self.get_queryset(request).select_related("prompt__project"), pk=pk)
        form = PromoteForm(request.POST or None, version=version)
        refused: list[dict[str, Any]] = []
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                deployment = services.deploy(
                    version=version,
                    environment=form.cleaned_data["environment"],
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                )
                messages.success(request, f"{version.semver} is on its way to {deployment.placement.environment}.")
                return redirect(deployment_url(deployment))
            except services.Blocked as blocked:
                refused, status = blocked.evaluation.answers, 409
            except StudioError as error:
                form.add_error(None, error.sentence)
                status = 403 if error.code == "not_allowed" else 409
        context = {
            **self.admin_site.each_context(request),
            "title": f"Promote {version}",
            "version": version,
            "form": form,
            "gates": refused,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/promote.html", context, status=status)


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    project_path = "version__prompt__project"
    list_display = ("version", "environment", "asked_by", "asked_at", "outcome", "open")
    list_filter = ("outcome", "environment", "version__prompt__project")
    search_fields = ("version__prompt__title", "version__semver")
    list_select_related = ("version__prompt__project", "environment", "asked_by")

    @admin.display(description="Decide")
    def open(self, review: Review) -> str:
        return format_html('<a href="{}">Look and decide</a>', review_url(review))


class ErasingAdmin(ReadOnlyAdmin):
    """Rows with words that may hold personal data."""

    actions = ("erase",)

    @admin.action(description="Erase the words…")
    def erase(self, request: HttpRequest, queryset: Any) -> Any:
        sentence = (
            "“[erased]” takes the place of what was written here, and of its copies in the audit trail, which keeps a hash. "
            "There is no way back. Files that were exported before still hold the words."
        )
        if page := self.confirm(request, queryset, title="Erase words", sentence=sentence):
            return page

        def erase(row: Any) -> str:
            erase_words(row=row, actor=actor_of(request))
            return f"The words of “{row}” are erased."

        return self.each(request, queryset, erase)


@admin.register(Decision)
class DecisionAdmin(ErasingAdmin):
    project_path = "review__version__prompt__project"
    list_display = ("person", "role", "verdict", "review", "comment", "decided_at")
    list_filter = ("verdict", "role")
    search_fields = ("comment", "person__name")
    list_select_related = ("person", "review__version__prompt__project", "review__environment")


@admin.register(Comment)
class CommentAdmin(ErasingAdmin):
    project_path = "review__version__prompt__project"
    list_display = ("author", "review", "text", "written_at")
    search_fields = ("text", "author__name")
    list_select_related = ("author", "review__version__prompt__project", "review__environment")


@admin.register(Recall)
class RecallAdmin(ErasingAdmin):
    project_path = "version__prompt__project"
    list_display = ("version", "by", "reason", "created_at")
    search_fields = ("reason", "version__prompt__title")
    list_select_related = ("version__prompt__project", "by")


@admin.register(Deployment)
class DeploymentAdmin(ErasingAdmin):
    project_path = "placement__prompt__project"
    list_display = ("version", "environment", "way", "by", "created_at", "reason")
    list_filter = ("way", "placement__environment")
    search_fields = ("version__prompt__title", "version__semver")
    list_select_related = ("version__prompt", "placement__environment", "by")

    @admin.display(description="Environment")
    def environment(self, deployment: Deployment) -> str:
        return str(deployment.placement.environment)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    project_path = "environment__project"
    list_display = ("version", "environment", "way", "passed", "by", "created_at")
    list_filter = ("passed", "way", "environment")
    list_select_related = ("version__prompt", "environment", "by")


@admin.register(PublishJob)
class PublishJobAdmin(ReadOnlyAdmin):
    project_path = "deployment__placement__prompt__project"
    list_display = ("deployment", "target", "state", "attempts_made", "next_attempt_at", "error")
    list_filter = ("state", "target")
    list_select_related = ("deployment__version__prompt", "deployment__placement__environment", "target")


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    project_path = ""
    list_display = ("created_at", "action", "object_type", "object_label", "via", "sequence")
    list_filter = ("action", "via")
    search_fields = ("object_label",)

    def get_queryset(self, request: HttpRequest) -> Any:
        actor = actor_of(request)
        found = Entry.objects.all()
        return found if actor.user.is_site_admin else found.of_projects(self.projects(request).values_list("uid", flat=True))
