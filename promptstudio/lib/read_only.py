"""What a database raises that takes no writes: a standby, a full disk, or one that is told not to."""

from django.db import InternalError, OperationalError

# SQLite says the one, PostgreSQL the other.
TAKES_NO_WRITES = (OperationalError, InternalError)
