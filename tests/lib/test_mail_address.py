"""One address says where e-mails go."""

import pytest

from promptstudio.lib.mail_address import MailServer, mail_server


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtp://relay.example", MailServer("relay.example", 25)),
        ("smtp+tls://u%40x:p%2F%23@relay.example", MailServer("relay.example", 587, "u@x", "p/#", starttls=True)),
        ("smtps://u:p@[::1]:1465", MailServer("::1", 1465, "u", "p", tls=True)),
    ],
)
def test_it_is_read(address: str, server: MailServer) -> None:
    assert mail_server(address) == server


@pytest.mark.parametrize("address", ["relay.example", "http://relay.example", "smtp://", "smtp://u:secret@x:port", "smtp://u:se/cret@x"])
def test_what_is_none_is_said_without_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="EMAIL_URL") as said:
        mail_server(address)
    assert "secret" not in str(said.value)
