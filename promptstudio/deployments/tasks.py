from celery import shared_task

from . import worker


@shared_task(name="deployments.publish_due")
def publish_due() -> None:
    """Pay what is owed. Sent after each deployment and by the clock every two seconds."""
    worker.publish_due()
