"""Publications: what is owed to each place, its attempts, and the three things a person may do about one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from promptstudio.deployments import services
from promptstudio.deployments.models import PublishJob
from promptstudio.deployments.permissions import can_settle
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed

from ..answers import see_other
from ..middleware import refused
from ..requests import deployment_url
from ..templatetags.studio import state_badge
from .scoped import ReadOnlyAdmin, actor_of, lane_tag, when

BADGES = {
    "owed": ("publishing", "On its way"),
    "confirmed": ("confirmed", "Confirmed"),
    "failed": ("failed", "Failed"),
    "superseded": ("superseded", "Overtaken"),
    "excluded": ("excluded", "Left out"),
}


def badge_of(job: PublishJob) -> str:
    if job.error_code == services.CANCELLED and job.state == PublishJob.State.FAILED:
        return state_badge("failed", "Stopped")
    if job.error and job.state == PublishJob.State.OWED:
        return state_badge("retrying")
    return state_badge(*BADGES[job.state])


@admin.register(PublishJob)
class PublishJobAdmin(ReadOnlyAdmin):
    one, many, icon = "publication", "publications", "send"
    hint = "What is owed to each place outside: try again, stop trying, leave a place out."
    project_path, prompt_path = "deployment__placement__prompt__project", "deployment__placement__prompt"
    list_display = ("version", "place", "target", "state_shown", "attempts", "told", when("created_at", "Since"))
    list_filter = ("state", "target", "deployment__placement__environment")
    search_fields = ("deployment__version__prompt__title", "deployment__version__semver", "target__name", "error")
    ordering = ("-id",)
    list_select_related = ("deployment__version__prompt", "deployment__placement__environment", "target")
    actions = ("try_again",)

    def get_urls(self) -> list[Any]:
        def deed(name: str, view: Callable[..., HttpResponse]) -> Any:
            return path(f"<int:pk>/{name}/", self.admin_site.admin_view(require_POST(view)), name=f"publishjob_{name}")

        return [deed("retry", self.retry), deed("cancel", self.stop_trying), deed("exclude", self.leave_out), *super().get_urls()]

    @admin.display(description="Version", ordering="deployment__version")
    def version(self, job: PublishJob) -> str:
        return str(job.deployment.version)

    @admin.display(description="Environment")
    def place(self, job: PublishJob) -> str:
        place = job.deployment.placement.environment
        return lane_tag(place)

    @admin.display(description="State", ordering="state")
    def state_shown(self, job: PublishJob) -> str:
        return badge_of(job)

    @admin.display(description="Tries", ordering="attempts_made")
    def attempts(self, job: PublishJob) -> int:
        return job.attempts_made

    @admin.display(description="What happened")
    def told(self, job: PublishJob) -> str:
        return format_html('<span class="words">{}</span>', job.excluded_reason or job.error or "—")

    @admin.action(description="Try again now")
    def try_again(self, request: HttpRequest, queryset: Any) -> None:
        def retry(job: PublishJob) -> str:
            services.retry(job=job, actor=actor_of(request))
            return f"{job.deployment.version} is on its way to {job.target} again."

        self.each(request, self._whole(queryset), retry)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if request.method == "POST":
            # The deeds have addresses of their own; nothing else about a publication can be changed.
            raise NotAllowed("A publication is changed by its own buttons only: try again, stop trying, leave the place out.")
        return self._page(request, self._job(request, object_id))

    def retry(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._settle(request, pk, lambda job: services.retry(job=job, actor=actor_of(request)), "It is on its way again.", "")

    def stop_trying(self, request: HttpRequest, pk: int) -> HttpResponse:
        reason = request.POST.get("reason", "")
        done = "It is not tried any more. Whoever looks at it reads why."
        return self._settle(request, pk, lambda job: services.cancel(job=job, reason=reason, actor=actor_of(request)), done, "cancel")

    def leave_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        reason = request.POST.get("reason", "")
        done = "This place is left out of this deployment."
        return self._settle(request, pk, lambda job: services.exclude(job=job, reason=reason, actor=actor_of(request)), done, "exclude")

    def _settle(self, request: HttpRequest, pk: int, deed: Callable[[PublishJob], Any], done: str, form: str) -> HttpResponse:
        job = self._job(request, pk)
        typed = {"reason": request.POST.get("reason", ""), "form": form}
        try:
            deed(job)
        except Invalid as error:
            return self._page(request, self._job(request, pk), 422, errors=error.errors, **typed)
        except Conflict as error:
            return self._page(request, self._job(request, pk), 409, refused=error.sentence, **typed)
        except NotAllowed as error:
            refused(request, error, project=job.deployment.placement.prompt.project)
            return self._page(request, self._job(request, pk), 403, refused=error.sentence, **typed)
        messages.success(request, done)
        return see_other(reverse("admin:deployments_publishjob_change", args=[pk]))

    def _whole(self, queryset: Any) -> Any:
        return queryset.select_related(
            "target",
            "excluded_by",
            "receipt",
            "deployment__by",
            "deployment__version__prompt__project",
            "deployment__placement__environment__project",
            "deployment__placement__prompt__project",
            "deployment__placement__live__version",
        )

    def _job(self, request: HttpRequest, pk: Any) -> PublishJob:
        job: PublishJob = get_object_or_404(self._whole(self.get_queryset(request)), pk=pk if str(pk).isdecimal() else 0)
        return job

    def _page(self, request: HttpRequest, job: PublishJob, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{job.deployment.version} at {job.target}",
            "opts": self.opts,
            "job": job,
            "badge": badge_of(job),
            "attempts": job.attempts.select_related("end").order_by("-number")[:50],
            "may_settle": can_settle(actor_of(request), job),
            "deployment_url": deployment_url(job.deployment),
            "errors": {},
        }
        return TemplateResponse(request, "admin/publication.html", context | more, status=status)
