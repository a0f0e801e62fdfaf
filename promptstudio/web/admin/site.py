from typing import Any, NoReturn, cast
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from promptstudio.lib.errors import NotAllowed


class StudioAdminSite(AdminSite):
    """Django's administration in the product's frame: `templates/admin/` has the pages, `sections` the menu."""

    site_title = site_header = "Prompt Studio"
    index_title = "Administration"
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Django's own would ask every list for its permissions, on every page; the frame has the menu.
        return {"site_title": self.site_title, "has_permission": self.has_permission(request), "is_popup": False}

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        from .queue import queue_page

        return queue_page(request, {**self.each_context(request), **(extra_context or {})})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        # Packages are not how people think of the panel; its groups stand on the index.
        return redirect("admin:index")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in. Whoever came through it and may not open the administration reads why."""
        # Imported late: the site is made before the models of the product are.
        from ..sign_in.arrivals import safe_next

        wanted = safe_next(request, request.GET.get("next") or reverse("admin:index"))
        if self.has_permission(request):
            return redirect(wanted)
        if request.user.is_authenticated:
            raise NotAllowed("You are signed in, and your account may not open the administration. A site admin can let you.")
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': wanted})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> NoReturn:
        """The provider has the passwords; the break-glass one is made, and put in the trail, by a command on the server."""
        raise NotAllowed("Passwords are not changed here. Your company’s sign-in has yours.")

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> NoReturn:
        self.password_change(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """As everywhere, at the provider as well."""
        from ..requests import StudioRequest
        from ..sign_in.views import sign_out

        return sign_out(cast(StudioRequest, request))
