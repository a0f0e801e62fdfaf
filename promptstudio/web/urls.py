from django.urls import include, path, register_converter

from promptstudio.prompts.names import SEGMENT

from .sign_in import break_glass
from .sign_in import views as oidc
from .views import account, audit, changes, home, notifications, outbox, projects, sign_in, system


class PromptName:
    """Segments of small letters and digits, joined by /."""

    regex = rf"{SEGMENT.pattern}(?:/{SEGMENT.pattern})*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PromptName, "prompt")

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/break-glass/", break_glass.break_glass, name="break_glass"),
    path("sign-out/", oidc.sign_out, name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/substitutes/", account.account_substitute, name="account_substitute"),
    path("account/substitutes/<uuid:uid>/end/", account.account_substitute_end, name="account_substitute_end"),
    path("account/sessions/<uuid:uid>/end/", account.account_end, name="account_end"),
    path("account/sessions/end-others/", account.account_end_others, name="account_end_others"),
    path("account/notifications/", notifications.account_notifications, name="account_notifications"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.notifications_read, name="notifications_read"),
    path("notifications/<uuid:uid>/", notifications.notification, name="notification"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<uuid:uid>/", outbox.outbox_message, name="outbox_message"),
    path("oidc/", include("promptstudio.web.sign_in.urls")),
    path("new-project/", projects.project_new, name="project_new"),
    path("audit/", audit.audit, name="site_audit"),
    path("audit/verify/", audit.audit_verify, name="site_audit_verify"),
    path("audit/export.csv", audit.audit_export, {"kind": "csv"}, name="site_audit_export"),
    path("audit/export.jsonl", audit.audit_export, {"kind": "jsonl"}, name="site_audit_export_lines"),
    path("changes/", changes.changes, name="changes"),
    path("changes/<uuid:uid>/confirm/", changes.change_confirm, name="change_confirm"),
    path("changes/<uuid:uid>/decline/", changes.change_decline, name="change_decline"),
    path("healthz", system.healthz, name="healthz"),
    path("readyz", system.readyz, name="readyz"),
    path("", include("promptstudio.web.urls_project")),
    path("", include("promptstudio.web.urls_library")),
    path("", include("promptstudio.web.urls_prompts")),
    path("", include("promptstudio.web.urls_criteria")),
    path("", include("promptstudio.web.urls_trying")),
    path("", include("promptstudio.web.urls_tests")),
    path("", include("promptstudio.web.urls_snippets")),
    path("", include("promptstudio.web.urls_importing")),
    path("", include("promptstudio.web.urls_requests")),
    path("", include("promptstudio.web.urls_reviews")),
    path("", include("promptstudio.web.urls_deploying")),
    path("", include("promptstudio.web.urls_releases")),
]
