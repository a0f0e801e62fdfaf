"""What the clock brings: the daily e-mail, reminders, who has access, and forgetting."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments.emergency_services import remind_of_after_reviews
from promptstudio.deployments.waiting import reviews_for
from promptstudio.lib import clock
from promptstudio.lib.working_days import working_days_later
from promptstudio.projects.access_services import projects_to_sign_for
from promptstudio.projects.models import Membership, Project
from promptstudio.projects.permissions import can
from promptstudio.projects.roles import ROLES
from promptstudio.reviews.models import Review

from .audience import Told
from .kinds import ACCESS_REVIEW, REMINDER, Way
from .models import Cursor, Delivery, Notification, OutboxMessage
from .telling import KEPT, write

HOUR = time(7)
PATIENCE = 2  # working days


def by_the_clock() -> None:
    remind_of_after_reviews(actor=system())
    for step in (remind, ask_for_access_reviews, gather, forget):
        # One at a time, whoever else looks at the clock.
        with transaction.atomic():
            Cursor.objects.get_or_create(chain=f"clock:{step.__name__}")
            Cursor.objects.select_for_update().get(chain=f"clock:{step.__name__}")
            step()


def remind() -> None:
    """Once for each review that waited too long; after that it stands in the daily e-mail until it is decided."""
    overdue = {review.uid: review for review in _not_reminded_of() if working_days_later(review.asked_at, PATIENCE) <= clock.now()}
    entries = {entry.object_uid: entry for entry in Entry.objects.filter(object_uid__in=list(overdue), action="review.asked")}
    # By person, not by review: many reviews may wait, and for most of them what is missing is no decision.
    for person in _reviewers(overdue.values()):
        waiting = [item.review for item in reviews_for(Actor(user=person)) if item.review.uid in entries]
        write(Told(person, REMINDER, entries[review.uid], review.version.prompt.uid) for review in waiting)


def ask_for_access_reviews() -> None:
    """Whoever may sign, once for each time that it is due."""
    for project in projects_to_sign_for():
        began = Entry.objects.filter(project_uid=project.uid, action__in=["project.created", "access.signed"]).order_by("-sequence").first()
        if began and not Notification.objects.filter(kind=ACCESS_REVIEW, entry_uid=began.uid).exists():
            write(Told(person, ACCESS_REVIEW, began, None) for person in _keepers(project))


def gather() -> None:
    """After seven in the morning: one message for everybody who has something in it. A reminder repeats on working days alone."""
    morning = _this_morning()
    if clock.now() < morning or not settings.EMAIL_IS_SENT:
        return
    found = Notification.objects.filter(
        way=Way.DAILY, delivery=None, seen_at=None, told_at__lt=morning, told_at__gt=morning - timedelta(days=3)
    )
    people = set(found.values_list("person_id", flat=True))
    if morning.weekday() < 5:
        people |= _still_reminded(morning)
    served = Delivery.objects.filter(kind=Delivery.Kind.DAILY, day=morning.date()).values("person")
    for person in User.objects.filter(pk__in=people, is_active=True).exclude(email="").exclude(pk__in=served):
        delivery = Delivery.objects.create(person=person, kind=Delivery.Kind.DAILY, day=morning.date(), due_at=clock.now())
        found.filter(person=person).update(delivery=delivery)


def forget() -> None:
    before = clock.now() - KEPT
    Notification.objects.filter(created_at__lt=before).exclude(kind__in=[REMINDER, ACCESS_REVIEW]).delete()
    # These say that somebody was reminded: they go when the reminder itself is old.
    Notification.objects.filter(told_at__lt=before).delete()
    Delivery.objects.filter(created_at__lt=before).delete()
    OutboxMessage.objects.filter(created_at__lt=before).delete()


def _not_reminded_of() -> Iterable[Review]:
    told_of = Notification.objects.filter(kind=REMINDER).values("about_uid")
    found: Iterable[Review] = Review.objects.open().with_everything().exclude(uid__in=told_of)
    return found


def _reviewers(reviews: Iterable[Review]) -> Iterable[User]:
    projects = {review.version.prompt.project_id for review in reviews}
    held = Membership.objects.filter(project__in=projects, role__in=ROLES["review"])
    return User.objects.filter(pk__in=held.values("user"), is_active=True, kind=User.Kind.PERSON)


def _keepers(project: Project) -> list[User]:
    held = project.memberships.filter(role="admin", folder=None, user__is_active=True, user__kind=User.Kind.PERSON)
    people = User.objects.filter(pk__in=held.values("user"))
    return [person for person in people if can(Actor(user=person), "administer", project)]


def _still_reminded(morning: datetime) -> set[int]:
    open_reviews = Review.objects.open().values("uid")
    rows = Notification.objects.filter(kind=REMINDER, about_uid__in=open_reviews, told_at__lt=morning, way__in=[Way.DAILY, Way.AT_ONCE])
    return set(rows.values_list("person_id", flat=True))


def _this_morning() -> datetime:
    today = timezone.localtime(clock.now())
    return timezone.make_aware(datetime.combine(today.date(), HOUR))
