from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


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

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        from ..views.sign_in import sign_out

        return sign_out(request)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        # Packages are not how people think of the panel; its groups stand on the index.
        return redirect("admin:index")
