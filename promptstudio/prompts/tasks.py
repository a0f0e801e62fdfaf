from celery import shared_task

from promptstudio.accounts.actor import system
from promptstudio.lib import clock

from .import_services import KEPT_FOR, forget_old_imports


@shared_task(name="prompts.forget_old_imports")
def forget_old() -> None:
    """Files that somebody read and never brought in go after a day. By the clock every hour."""
    forget_old_imports(before=clock.now() - KEPT_FOR, actor=system())
