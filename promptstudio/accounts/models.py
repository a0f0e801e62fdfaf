import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.models import Session
from django.db import models

from promptstudio.lib import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, *, name: str = "", email: str = "", kind: str = "person", **fields: Any) -> "User":
        user = self.model(username=username, name=name or username, email=self.normalize_email(email), kind=kind, **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.create_user(username, is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Whoever acts: a person, a service account, or the system itself. Archived, never deleted."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        SERVICE_ACCOUNT = "service_account", "Service account"
        SYSTEM = "system", "System"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PERSON)
    username = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("may open the admin panel", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_site_admin(self) -> bool:
        return self.is_active and self.is_superuser

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class Identity(models.Model):
    """How a person arrives: the provider's word for them. E-mail addresses change hands, this pair does not."""

    BREAK_GLASS = "break-glass"  # the issuer of local administrators, which is no address and so nobody else's

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities", verbose_name="person")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    gives_site_admin = models.BooleanField(
        default=False, help_text="The person is site admin because of a group at the provider, and stops being it with the group."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "identities"
        ordering = ["user", "issuer"]
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_issuer_and_subject")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SignedIn(models.Model):
    """One session of a person, as they recognise it. It goes with the session, whoever ends that."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", verbose_name="person")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="signed_in")
    device = models.CharField(max_length=80)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = "session"
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.device


def system_user() -> User:
    """The row in whose name the clock acts."""
    user, _ = User.objects.get_or_create(
        username="system", defaults={"name": "Prompt Studio", "kind": User.Kind.SYSTEM, "is_active": False}
    )
    return user
