from celery import shared_task

from . import anchors, streaming


@shared_task(name="audit.anchor_all")
def anchor_all() -> None:
    """Sign every head that moved since. By the clock every hour."""
    anchors.anchor_all()


@shared_task(name="audit.send_anchors")
def send_anchors() -> None:
    """Send the anchors that are owed. After each one is made, and by the clock."""
    anchors.send_due()


@shared_task(name="audit.stream")
def stream() -> None:
    """Hand new entries to the receivers of the trail. By the clock every few seconds."""
    streaming.stream_due()
