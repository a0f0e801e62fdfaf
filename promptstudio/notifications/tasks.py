from celery import shared_task

from . import daily, deliveries, hooks, telling


@shared_task(name="notifications.tell")
def tell() -> None:
    """Tell people what the trail has for them. By the clock every few seconds."""
    telling.tell_due()


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Send the e-mails that are owed. Apart from telling, which no mail server holds up."""
    deliveries.deliver_due()


@shared_task(name="notifications.by_the_clock")
def by_the_clock() -> None:
    """The daily e-mail, reminders, and forgetting. Every few minutes."""
    daily.by_the_clock()


@shared_task(name="notifications.tell_receivers")
def tell_receivers() -> None:
    """Tell systems outside what gates and tests said. By the clock every few seconds."""
    hooks.tell_receivers()
