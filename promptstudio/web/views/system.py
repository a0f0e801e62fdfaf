"""Is it alive, and is it ready?"""

from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from promptstudio.deployments.models import PublishJob
from promptstudio.lib import clock, triggers

from ..requests import public

OVERDUE = timedelta(seconds=30)


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers, and its database is migrated."""
    try:
        connection.ensure_connection()
        migrated = not _unapplied()
    except Exception:
        return JsonResponse({"alive": False, "reason": "The database does not answer."}, status=503)
    if not migrated:
        return JsonResponse({"alive": False, "reason": "Migrations are still to be applied."}, status=503)
    return JsonResponse({"alive": True})


@public
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: database, migrations, triggers and broker are there, and no publication is overdue. A failed one waits for a person."""
    checks = {"database": _database, "migrations": _migrations, "triggers": _triggers, "broker": _broker, "publications": _publications}
    answers = {}
    for name, check in checks.items():
        try:
            answers[name] = check() or "ok"
        except Exception as error:
            answers[name] = f"cannot be checked: {type(error).__name__}"
    ready = all(answer == "ok" for answer in answers.values())
    return JsonResponse({"ready": ready, "checks": answers}, status=200 if ready else 503)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    return "migrations are still to be applied" if _unapplied() else ""


def _unapplied() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _triggers() -> str:
    missing = triggers.missing(connection)
    return f"missing: {', '.join(sorted(missing))}" if missing else ""


def _broker() -> str:
    if not settings.BROKER_URL:
        return ""  # the sweep works without one
    with current_app.connection_for_write() as connection_to_it:
        connection_to_it.ensure_connection(max_retries=1, timeout=2)
    return ""


def _publications() -> str:
    overdue = PublishJob.objects.filter(state=PublishJob.State.OWED, next_attempt_at__lt=clock.now() - OVERDUE).count()
    return f"{overdue} overdue by more than {OVERDUE.seconds} s" if overdue else ""
