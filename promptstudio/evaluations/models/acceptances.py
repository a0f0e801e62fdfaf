"""Cases that somebody let get worse."""

import uuid
from typing import ClassVar

from django.db import models

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.append_only import AppendOnly
from promptstudio.projects.models import Environment, Role
from promptstudio.prompts.models import Version

from .suites import Suite


class AcceptedCase(AppendOnly):
    """Somebody said that `version` may fail a case that `against`, live in `environment` then, passes; or took that back.

    `case` is the uid of the case and `digest` that of its content: a case that is changed is looked at again.
    """

    ERASABLE: ClassVar[str] = "reason"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="accepted")
    case = models.CharField(max_length=36)
    digest = models.CharField(max_length=80)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="accepted_cases")
    against = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    accepted = models.BooleanField()
    reason = models.TextField()
    role = models.CharField(max_length=20, choices=Role)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"A case of {self.suite} on {self.version}"
