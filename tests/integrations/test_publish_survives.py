"""Every publication happens, once and in order, whatever ends its worker or its calls at whatever moment.

Real worker processes are killed while a real local AWS holds a request, and what stands at Bedrock afterwards is read with boto3.
The stories run beside each other, because most of their time is waiting for the lease of a killed worker to run out.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from celery import Celery

from tests.integrations.worlds import PATIENCE, Clerk, World, kill
from tests.local_aws import LocalAws, start_local_aws
from tests.services import redis
from tests.studio import wait_until

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]
AT_ONCE = 5
Story = Callable[[World], None]
STORIES: dict[str, Story] = {}


def story(tell: Story) -> Story:
    STORIES[tell.__name__.replace("_", "-")] = tell
    return tell


def assert_live_and_there_once(world: World, semver: str, *, earlier: tuple[str, ...] = ()) -> None:
    """`semver` is served with a receipt of the one remote version that holds it; of `earlier` ones there is one each as well."""
    world.until_live(semver)
    remote, digests = world.remote(), world.digests()
    assert sorted(remote) == sorted(digests[number] for number in (*earlier, semver))
    assert all(len(arns) == 1 for arns in remote.values()), remote
    assert world.prompts() == 1
    served = world.served()
    assert (served["semver"], served["digest"]) == (semver, digests[semver])
    assert [receipt["arn"] for receipt in served["receipts"]] == remote[digests[semver]]


def kill_while_held(world: World, operation: str, kind: str) -> None:
    """Kill the world's only worker at that moment, and start another."""
    fault = world.arm(operation, kind)
    worker = world.worker()
    world.until_held(fault)
    kill(worker)
    world.worker()


@story
def killed_before_the_first_call(world: World) -> None:
    world.deploy("1.0.0")
    kill_while_held(world, "CreatePrompt", "hold_before")
    assert_live_and_there_once(world, "1.0.0")


@story
def killed_after_create(world: World) -> None:
    world.deploy("1.0.0")
    kill_while_held(world, "CreatePrompt", "hold_reply")
    assert_live_and_there_once(world, "1.0.0")


@story
def killed_between_create_and_version(world: World) -> None:
    world.deploy("1.0.0")
    kill_while_held(world, "CreatePromptVersion", "hold_before")
    assert_live_and_there_once(world, "1.0.0")


@story
def killed_after_update(world: World) -> None:
    world.deploy("1.0.0")
    first = world.worker()
    world.until_live("1.0.0")
    kill(first)
    world.deploy("1.1.0")
    kill_while_held(world, "UpdatePrompt", "hold_reply")
    assert_live_and_there_once(world, "1.1.0", earlier=("1.0.0",))
    assert world.went_live() == ["1.0.0", "1.1.0"]


@story
def killed_when_the_version_exists_but_before_the_reply(world: World) -> None:
    world.deploy("1.0.0")
    kill_while_held(world, "CreatePromptVersion", "hold_reply")
    assert_live_and_there_once(world, "1.0.0")
    assert len(world.calls("CreatePromptVersion")) == 1


@story
def killed_while_reading_back(world: World) -> None:
    world.deploy("1.0.0")
    kill_while_held(world, "GetPrompt", "hold_reply")
    assert_live_and_there_once(world, "1.0.0")


@story
def killed_after_the_last_reply_but_before_the_commit(world: World) -> None:
    world.deploy("1.0.0")
    fault, worker = world.arm("GetPrompt", "hold_reply"), world.worker()
    world.until_held(fault)
    with world.nothing_can_be_committed():
        world.server.release(fault)
        wait_until(lambda: not world.holds(fault), what="the read-back")
        time.sleep(1)
        kill(worker)
    assert world.live() is None
    world.worker()
    assert_live_and_there_once(world, "1.0.0")
    assert len(world.calls("CreatePromptVersion")) == 1


@story
def reply_to_create_lost(world: World) -> None:
    world.arm("CreatePrompt", "lost_reply")
    world.deploy("1.0.0")
    world.worker()
    assert_live_and_there_once(world, "1.0.0")
    assert len(world.calls("CreatePrompt")) == 1


@story
def reply_to_version_lost(world: World) -> None:
    world.arm("CreatePromptVersion", "lost_reply")
    world.deploy("1.0.0")
    world.worker()
    assert_live_and_there_once(world, "1.0.0")
    assert world.served()["receipts"][0]["remote_version"] == "1"


@story
def throttled_and_failing(world: World) -> None:
    world.arm("CreatePrompt", "error", code="ThrottlingException")
    world.arm("CreatePromptVersion", "error", code="InternalServerException")
    world.arm("GetPrompt", "error", code="ThrottlingException")
    world.deploy("1.0.0")
    world.worker()
    assert_live_and_there_once(world, "1.0.0")
    assert world.rows("select outcome from deployments_attemptend order by id") == [("transient",)] * 3 + [("confirmed",)]


@story
def two_workers_at_once(world: World) -> None:
    delay = world.arm("CreatePrompt", "delay", seconds=1)
    workers = [world.worker(), world.worker()]
    time.sleep(6)
    world.deploy("1.0.0")
    assert_live_and_there_once(world, "1.0.0")
    assert all(worker.poll() is None for worker in workers)
    assert [len(world.calls(operation)) for operation in ("CreatePrompt", "CreatePromptVersion")] == [1, 1]
    assert [fault["taken"] for fault in world.server.faults() if fault["id"] == delay] == [1]
    assert world.rows("select count(*) from deployments_attempt") == [(1,)]


@story
def task_delivered_twice_and_the_celery_worker_killed(world: World) -> None:
    with redis() as broker:
        queue = Celery(broker=broker)

        def deliver_twice() -> None:
            for _ in range(2):
                queue.send_task("deployments.publish_due", queue="publishing", ignore_result=True)

        def publisher() -> object:
            size = ["--queues", "publishing", "--pool", "threads", "--concurrency", "4", "--without-mingle", "--without-gossip"]
            return world.start("-m", "celery", "-A", "promptstudio", "worker", *size, BROKER_URL=broker)

        world.deploy("1.0.0")
        fault, first = world.arm("CreatePromptVersion", "hold_reply"), publisher()
        deliver_twice()
        world.until_held(fault)
        kill(first)
        publisher()
        # The clock sends the task every two seconds; nothing but the row remembers the job.
        wait_until(lambda: (deliver_twice(), time.sleep(1), world.live() == "1.0.0")[-1], within=PATIENCE, what="1.0.0 going live")
        assert_live_and_there_once(world, "1.0.0")
        deliver_twice()
        time.sleep(2)
        assert_live_and_there_once(world, "1.0.0")
        world.end()


@story
def an_older_deployment_retries_late(world: World) -> None:
    """Its worker stands still in the middle of a write, a newer version goes live meanwhile, then the old write arrives."""
    world.deploy("1.0.0")
    old = world.worker()
    world.until_live("1.0.0")
    fault = world.arm("UpdatePrompt", "hold_before")
    world.deploy("1.1.0")
    world.until_held(fault)
    os.killpg(old.pid, signal.SIGSTOP)
    world.deploy("1.2.0")
    newer = world.worker()
    world.until_live("1.2.0")
    kill(newer)
    world.server.release(fault)
    wait_until(lambda: len(world.calls("UpdatePrompt")) == 2, what="the late write")
    os.killpg(old.pid, signal.SIGCONT)
    wait_until(lambda: ("superseded",) in world.rows("select outcome from deployments_attemptend"), what="the end of the old attempt")
    assert world.jobs() == {"1.0.0": "confirmed", "1.1.0": "superseded", "1.2.0": "confirmed"}
    assert_live_and_there_once(world, "1.2.0", earlier=("1.0.0",))
    # The late write left its text in DRAFT; the next publication does not stumble over it.
    world.deploy("1.1.0")
    assert_live_and_there_once(world, "1.1.0", earlier=("1.0.0", "1.2.0"))
    assert world.went_live() == ["1.0.0", "1.2.0", "1.1.0"]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """The stories that were asked for, all on their way."""
    asked = [item.callspec.params["name"] for item in request.session.items if item.module is request.module]  # type: ignore[attr-defined]
    home = tmp_path_factory.mktemp("worlds")
    with contextlib.ExitStack() as stack:
        server = start_local_aws(home / "aws")
        stack.callback(server.stop)
        clerk = Clerk(home)
        stack.callback(clerk.stop)
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        yield {name: pool.submit(_tell, name, server, clerk) for name in asked}


def _tell(name: str, server: LocalAws, clerk: Clerk) -> None:
    world = World(name, server, clerk)
    try:
        STORIES[name](world)
    except BaseException as error:
        error.add_note(world.log())
        raise
    finally:
        world.end()


@pytest.mark.parametrize("name", STORIES)
def test_it_is_published_once_and_served(name: str, told: dict[str, Future[None]]) -> None:
    told[name].result()
