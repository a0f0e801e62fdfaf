from celery import shared_task

from . import places, worker


@shared_task(name="deployments.publish_due")
def publish_due() -> None:
    """Pay what is owed. Sent after each deployment and by the clock every two seconds."""
    worker.publish_due()


@shared_task(name="places.check_due")
def check_places() -> None:
    """Ask places what they hold. Sent when somebody wants to know, and by the clock. Not on the queue of publications."""
    places.check_due()
