"""Answers told piece by piece: the runner against the local AWS, whose event stream botocore itself reads."""

import struct
import time
import urllib.error
import zlib
from typing import Any

import pytest
from botocore.eventstream import EventStream, EventStreamBuffer

from promptstudio.evaluations.model_runner import Call, RunFailed, Said, StreamingRunner, Throttled
from promptstudio.integrations.bedrock.local_aws import converse
from promptstudio.integrations.bedrock.runner import ConverseRunner
from promptstudio.integrations.bedrock.streamed import Heard
from promptstudio.prompts.bundle import Tool
from tests.local_aws import LocalAws

from .test_converse_runner import FORM, call


@pytest.fixture(autouse=True)
def _soon(account: str, settings: Any) -> None:
    settings.MODEL_READ_TIMEOUT = 15


def heard(asked: Call) -> tuple[list[str], Said]:
    *pieces, last = ConverseRunner().stream(asked)
    assert isinstance(last, Said)
    return [str(piece) for piece in pieces], last


def halfway(asked: Call) -> tuple[list[Any], RunFailed]:
    """What came, and how it ended."""
    pieces: list[Any] = []
    with pytest.raises(RunFailed) as failed:
        pieces.extend(ConverseRunner().stream(asked))
    return pieces, failed.value


def test_it_is_a_runner_that_can_tell_piece_by_piece() -> None:
    assert isinstance(ConverseRunner(), StreamingRunner)


def test_piece_by_piece_it_says_the_same_as_at_once(server: LocalAws) -> None:
    pieces, said = heard(call())
    whole = ConverseRunner().run(call())
    assert len(pieces) > 5
    assert "".join(pieces) == said.text == whole.text
    same = ("stop_reason", "input_tokens", "output_tokens", "latency_ms", "tool_calls", "emulated")
    assert [getattr(said, name) for name in same] == [getattr(whole, name) for name in same]
    assert len(said.request_id) == 36


def test_it_comes_while_it_is_written(server: LocalAws) -> None:
    began = time.monotonic()
    at = [time.monotonic() - began for _ in ConverseRunner().stream(call())]
    assert at[-1] - at[0] > 0.2


def test_a_tool_call_is_put_together(server: LocalAws) -> None:
    tools = (Tool(name="find_policy", description="Finds one.", input_schema=FORM),)
    _, said = heard(call(tools=tools, tool_choice="any"))
    assert said.tool_calls == ConverseRunner().run(call(tools=tools, tool_choice="any")).tool_calls
    [called] = said.tool_calls
    assert called["name"] == "find_policy"
    assert set(called["input"]) == {"damage", "urgent"}


@pytest.mark.parametrize(
    ("code", "permanent", "sentence"),
    [
        ("throttlingException", False, "to be asked less often (ThrottlingException)."),
        ("modelStreamErrorException", False, "The model is busy or was not ready (ModelStreamErrorException)."),
        ("internalServerException", False, "The model is busy or was not ready"),
        ("serviceUnavailableException", False, "The model is busy or was not ready"),
        ("validationException", True, "The model does not take this prompt as it is: Not so."),
    ],
)
def test_an_error_in_the_middle_is_a_sentence(server: LocalAws, code: str, permanent: bool, sentence: str) -> None:
    server.arm(operation="ConverseStream", kind="broken_stream", code=code, message="Not so.")
    pieces, failed = halfway(call())
    assert pieces
    assert not any(isinstance(piece, Said) for piece in pieces)
    assert sentence in failed.sentence
    assert failed.permanent is permanent
    assert failed.code == code[0].upper() + code[1:]


def test_a_stream_that_breaks_off_is_no_answer_and_may_be_asked_again(server: LocalAws) -> None:
    server.arm(operation="ConverseStream", kind="broken_stream")
    pieces, failed = halfway(call())
    assert pieces
    assert (failed.sentence, failed.permanent) == ("The answer of the model was lost on its way.", False)


def test_one_that_stands_still_in_the_middle_is_told(server: LocalAws, settings: Any) -> None:
    settings.MODEL_READ_TIMEOUT = 1
    server.arm(operation="ConverseStream", kind="hold_stream")
    pieces, failed = halfway(call())
    assert pieces
    assert failed.permanent, "asking again would be paid again"
    assert "did not answer within 1 seconds" in failed.sentence


def test_one_that_drips_for_ever_ends_in_the_time_that_a_whole_answer_has(server: LocalAws, settings: Any) -> None:
    settings.MODEL_READ_TIMEOUT = 0.3
    _, failed = halfway(call("Which pipes burst in the kitchen of the house by the river?"))
    assert "did not answer within 0.3 seconds" in failed.sentence


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_who_may_not_have_it_in_pieces_has_it_at_once(server: LocalAws, code: str) -> None:
    server.arm(operation="ConverseStream", kind="error", code=code)
    pieces, said = heard(call())
    assert pieces == []
    assert said.text.startswith("[local model]")


def test_other_refusals_are_not_asked_a_second_time(server: LocalAws) -> None:
    server.arm(operation="ConverseStream", kind="error", code="ThrottlingException")
    before = len(server.journal())
    _, failed = halfway(call())
    assert isinstance(failed, Throttled)
    assert len(server.journal()) == before + 1


def test_a_prompt_is_not_called_as_a_model(server: LocalAws) -> None:
    _, failed = halfway(call(model="arn:aws:bedrock:eu-central-1:123456789012:prompt/ABCDEFGHIJ"))
    assert failed.code == "no_model"


def test_whoever_stops_listening_closes_the_line(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def close(events: EventStream, closes: Any = EventStream.close) -> None:
        closed.append(events)
        closes(events)

    monkeypatch.setattr(EventStream, "close", close)
    told = ConverseRunner().stream(call())
    next(told)
    assert closed == []
    told.close()
    [events] = closed
    assert events._raw_stream.closed


def test_an_end_that_was_never_told_is_no_answer() -> None:
    half = Heard({})
    assert half.take({"contentBlockDelta": {"delta": {"text": "We pay"}, "contentBlockIndex": 0}}) == "We pay"
    with pytest.raises(RunFailed, match="lost on its way"):
        half.said()


def test_a_tool_call_that_was_cut_off_is_kept_as_text() -> None:
    told = Heard({})
    told.take({"contentBlockStart": {"start": {"toolUse": {"toolUseId": "1", "name": "pay"}}, "contentBlockIndex": 1}})
    told.take({"contentBlockDelta": {"delta": {"toolUse": {"input": '{"sum": 4'}}, "contentBlockIndex": 1}})
    told.take({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "Hm."}}, "contentBlockIndex": 0}})
    told.take({"messageStop": {"stopReason": "max_tokens"}})
    assert told.said().tool_calls == ({"name": "pay", "input": {"…": '{"sum": 4'}},)


def test_a_tool_without_arguments_has_none() -> None:
    told = Heard({})
    told.take({"contentBlockStart": {"start": {"toolUse": {"toolUseId": "1", "name": "now"}}, "contentBlockIndex": 0}})
    told.take({"messageStop": {"stopReason": "tool_use"}})
    assert told.said().tool_calls == ({"name": "now", "input": {}},)


def test_frames_are_those_of_the_vendor() -> None:
    """Lengths and checksums as botocore reads them, and not only among ourselves."""
    frame = converse.exception_frame("throttlingException", "Größe")
    total, headers, checksum = struct.unpack(">III", frame[:12])
    assert total == len(frame)
    assert zlib.crc32(frame[:8]) == checksum
    assert 0 < headers < total
    buffer = EventStreamBuffer()
    buffer.add_data(frame)
    [event] = buffer
    assert event.headers[":exception-type"] == "throttlingException"
    assert event.payload == b'{"message": "Gr\\u00f6\\u00dfe"}'


def test_a_middle_is_armed_where_there_is_one(server: LocalAws) -> None:
    for fault in ({"operation": "Converse"}, {"operation": "ConverseStream", "code": "NoSuchException"}):
        with pytest.raises(urllib.error.HTTPError):
            server.arm(kind="broken_stream", **fault)
