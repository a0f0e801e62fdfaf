import socket
from pathlib import Path

import pytest

from promptstudio.running import plan
from promptstudio.running.plan import Address, CannotStart

LOOPBACK = Address(host="127.0.0.1", port=8000)


def environment(environ: dict[str, str], *, demo: bool = False, local_aws_url: str | None = None) -> dict[str, str]:
    return plan.environment(environ, home=Path("/srv/studio"), address=LOOPBACK, demo=demo, redis_urls={}, local_aws_url=local_aws_url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_demo_is_there_on_loopback(host: str) -> None:
    assert plan.wants_demo({}, host=host)


@pytest.mark.parametrize("outside", [{"DATABASE_URL": "postgresql://db/studio"}, {"OIDC_ISSUER": "https://id.example"}])
def test_the_demo_is_not_put_into_a_real_installation(outside: dict[str, str]) -> None:
    assert not plan.wants_demo(outside, host="127.0.0.1")
    assert plan.wants_demo({**outside, "DEMO": "1"}, host="127.0.0.1")


def test_the_demo_can_be_declined() -> None:
    assert not plan.wants_demo({"DEMO": "0"}, host="127.0.0.1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "studio.example"])
def test_the_demo_is_refused_where_others_can_reach_it(host: str) -> None:
    assert not plan.wants_demo({}, host=host)
    with pytest.raises(CannotStart, match="without a password"):
        plan.wants_demo({"DEMO": "1"}, host=host)


def test_demo_is_passed_on_only_when_decided() -> None:
    assert environment({"DEMO": "0"}, demo=False).get("DEMO") is None
    assert environment({}, demo=True)["DEMO"] == "1"


def test_the_local_aws_never_sees_real_keys() -> None:
    real = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real", "AWS_PROFILE": "prod"}
    env = environment(real, local_aws_url="http://127.0.0.1:4566")
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert env["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert not [name for name, value in env.items() if value in ("AKIAREAL", "real", "prod")]


def test_the_local_aws_is_not_asked_through_a_proxy() -> None:
    env = environment({"NO_PROXY": "intranet.example"}, local_aws_url="http://127.0.0.1:4566")
    assert env["NO_PROXY"] == env["no_proxy"] == "intranet.example,127.0.0.1,localhost"


def test_somebody_elses_aws_is_left_as_it_is() -> None:
    real = {"AWS_ENDPOINT_URL": "https://aws.example", "AWS_PROFILE": "prod", "AWS_REGION": "us-east-1"}
    assert plan.publishes_elsewhere(real)
    assert real.items() <= environment(real).items()


def test_a_chosen_region_stays() -> None:
    assert environment({"AWS_REGION": "us-west-2"}, local_aws_url="http://127.0.0.1:4566")["AWS_DEFAULT_REGION"] == "us-west-2"


def test_urls_of_an_earlier_redis_are_not_inherited() -> None:
    assert not {"BROKER_URL", "CACHE_URL"} & environment({"BROKER_URL": "redis+socket:///old", "CACHE_URL": "unix:///old"}).keys()


def test_names_given_from_outside_stay_allowed() -> None:
    assert environment({"ALLOWED_HOSTS": "studio.example"})["ALLOWED_HOSTS"] == "studio.example,127.0.0.1,localhost,[::1]"


@pytest.mark.parametrize("value", ["eighty", "-1", "65536", "80.5"])
def test_a_port_that_is_none_is_refused_with_its_variable(value: str) -> None:
    with pytest.raises(CannotStart, match=f"PORT is '{value}'"):
        plan.chosen_port(value, default=8000, variable="PORT")


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CannotStart, match=r"cannot be used .* Take another\."):
            plan.free_port("127.0.0.1", other.getsockname()[1], remedy="Take another.")


def test_zero_takes_any_free_port() -> None:
    assert plan.free_port("127.0.0.1", 0, remedy="") > 0


def test_an_address_of_version_six_is_written_in_brackets() -> None:
    assert Address(host="::1", port=8000).url == "http://[::1]:8000"


def test_without_a_broker_one_loop_does_the_work() -> None:
    assert [program.name for program in plan.services(address=LOOPBACK, home=Path("/srv"), broker=False)] == ["web", "worker"]


def test_publishing_and_models_have_workers_of_their_own() -> None:
    programs = {program.name: program.argv for program in plan.services(address=LOOPBACK, home=Path("/srv"), broker=True)}
    assert list(programs) == ["web", "worker", "publisher", "runner", "beat"]
    queues = [programs[name][programs[name].index("--queues") + 1] for name in ("worker", "publisher", "runner")]
    assert queues == ["celery", "publishing", "models"]
