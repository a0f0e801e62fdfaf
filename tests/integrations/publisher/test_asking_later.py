"""What stands at Bedrock today, asked without writing anything."""

from dataclasses import replace
from uuid import uuid4

import pytest

from promptstudio.deployments.publishing import Order, Published, PublishFailed, Question, Standing
from tests.integrations.orders import NotingDesk, order_for, text_bundle
from tests.integrations.prompt_bodies import Bedrock, text_variant
from tests.local_aws import LocalAws

from . import publications
from .publications import publish


def about(order: Order, published: Published) -> Question:
    return Question(uuid4(), order.settings, published.remote_id, published.remote_version, published.digest, published.rendition_seen)


def ask(question: Question) -> Standing:
    return publications.PUBLISHER.inspect(question, NotingDesk(writes_left=0))


def test_it_agrees_while_the_version_stands_as_it_was(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    bedrock.prompts.update_prompt(promptIdentifier=question.remote_id, name=order.remote_name, variants=[text_variant("By hand.")])
    assert ask(question) == Standing(True)


def test_it_says_that_the_version_was_deleted(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    bedrock.prompts.delete_prompt(promptIdentifier=question.remote_id, promptVersion=question.remote_version)
    standing = ask(question)
    assert not standing.agrees
    assert "somebody deleted it at Bedrock" in standing.sentence


def test_it_says_that_the_version_is_another_one(bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    assert "is not what was confirmed" in ask(replace(question, rendition="sha256:" + "0" * 64)).sentence
    assert "is not what was confirmed" in ask(replace(question, digest="sha256:other")).sentence


def test_what_cannot_be_asked_is_a_failure_with_a_sentence(server: LocalAws, bedrock: Bedrock) -> None:
    order = order_for(text_bundle())
    question = about(order, publish(order))
    server.arm(operation="GetPrompt", kind="error", code="AccessDeniedException", message="no", status=403)
    with pytest.raises(PublishFailed, match="AWS refused the permission for GetPrompt"):
        ask(question)
