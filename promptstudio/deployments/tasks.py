from celery import shared_task

from promptstudio.accounts.actor import system

from . import criteria, places, schedule_services, worker


@shared_task(name="deployments.publish_due")
def publish_due() -> None:
    """Pay what is owed. Sent after each deployment and by the clock every two seconds."""
    worker.publish_due()


@shared_task(name="places.check_due")
def check_places() -> None:
    """Ask places what they hold. Sent when somebody wants to know, and by the clock. Not on the queue of publications."""
    places.check_due()


@shared_task(name="schedules.promote_due")
def promote_scheduled() -> None:
    """Promote what was scheduled for now. By the clock. Not on the queue of publications, which may be long."""
    schedule_services.promote_due(actor=system())


@shared_task(name="criteria.check_due")
def check_criteria() -> None:
    """Find out how changes came out. By the clock. Not on the queue of publications."""
    criteria.check_due()
