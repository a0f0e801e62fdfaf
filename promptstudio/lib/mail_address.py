"""Where e-mails go, as one address: smtp://user:password@host:port. Pure, because the settings read it."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# scheme: (usual port, STARTTLS, TLS from the first byte)
SCHEMES = {"smtp": (25, False, False), "smtp+tls": (587, True, False), "smtps": (465, False, True)}


@dataclass(frozen=True)
class MailServer:
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_server(address: str) -> MailServer:
    """Raises ValueError with a sentence that names no password."""
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("EMAIL_URL must look like smtp+tls://user:password@host:587 (or smtp://, smtps://).")
    port, starttls, tls = SCHEMES[parts.scheme]
    try:
        port = parts.port or port
    except ValueError:
        raise ValueError("The port in EMAIL_URL is no number. Signs such as / # ? in a password are written %2F %23 %3F.") from None
    return MailServer(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), starttls, tls)
