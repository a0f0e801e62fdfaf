"""The list of models: what Studio brings along, what site admins make of it, and moving away from what retires."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import catalogue, lint, model_services, services
from promptstudio.prompts.catalogue import MODELS, Catalogue, in_place_of, plain_id
from promptstudio.prompts.models import ModelEntry, Prompt
from promptstudio.prompts.seeding import seed_models
from tests.cast import Cast, bundle

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS = "anthropic.claude-opus-5"


@pytest.mark.django_db
def test_the_list_starts_as_studio_brings_it_along() -> None:
    assert set(ModelEntry.objects.catalogue()) == set(MODELS)


@pytest.mark.django_db
def test_seeding_again_renews_what_nobody_changed_and_keeps_what_somebody_did(cast: Cast) -> None:
    entry = ModelEntry.objects.get(model_id=SONNET)
    model_services.change_model(entry=entry, model=replace(entry.model, input_price=Decimal("9.5")), actor=cast.root)
    ModelEntry.objects.filter(model_id=OPUS).update(context=5)
    ModelEntry.objects.filter(model_id="zai.glm-5").delete()

    seed_models()

    known = ModelEntry.objects.catalogue()
    assert known.find(SONNET).input_price == Decimal("9.5")
    assert known.find(OPUS) == catalogue.find_model(OPUS)
    assert known.find("zai.glm-5") == catalogue.find_model("zai.glm-5")


@pytest.mark.django_db
def test_only_site_admins_change_the_list(cast: Cast) -> None:
    entry = ModelEntry.objects.get(model_id=OPUS)
    for actor in (cast.dora, cast.alice):
        with pytest.raises(NotAllowed):
            model_services.change_model(entry=entry, model=replace(entry.model, context=5), actor=actor)
    with pytest.raises(Conflict):
        model_services.change_model(entry=entry, model=entry.model, actor=cast.root)
    with pytest.raises(Conflict):
        model_services.add_model(model=entry.model, actor=cast.root)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "two words"),
        ("label", " "),
        ("input_price", Decimal(-1)),
        ("input_price", Decimal("NaN")),
        ("output_price", Decimal(10**9)),
        ("context", 0),
        ("max_output", 10**12),
        ("refuses", ("everything",)),
        ("successor", "<script>"),
    ],
)
def test_an_entry_that_says_nonsense_is_refused_at_its_field(cast: Cast, field: str, value: object) -> None:
    wrong = replace(MODELS[0], **{"id": "spare.model-v1:0", field: value})
    with pytest.raises(Invalid) as refused:
        model_services.add_model(model=wrong, actor=cast.root)
    assert list(refused.value.errors) == ["model_id" if field == "id" else field]


def test_ids_lose_and_keep_their_geography() -> None:
    assert plain_id(f"eu.{SONNET}") == plain_id(f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.{SONNET}") == SONNET
    assert in_place_of(f"eu.{SONNET}", OPUS) == f"eu.{OPUS}"
    assert in_place_of(SONNET, OPUS) == OPUS
    assert in_place_of(f"eu.{SONNET}", f"us.{OPUS}") == f"us.{OPUS}"


def said(model: str, known: Catalogue = catalogue.BUILT_IN, **inference: object) -> dict[str, str]:
    data = bundle(model=model, inference={"max_tokens": 100, **inference})
    return {finding.place: finding.sentence for finding in lint.findings(data, known)}


def test_settings_that_a_model_does_not_take_are_findings() -> None:
    assert "does not take this setting" in said(OPUS, temperature=0.2)["inference.temperature"]
    assert said(SONNET, temperature=0.2).keys() == {"model"}
    strict = Catalogue([replace(MODELS[0], refuses=("stop_sequences",))])
    assert "inference.stop_sequences" in said(MODELS[0].id, strict, stop_sequences=["END"])
    assert "inference.stop_sequences" not in said(MODELS[0].id, strict)


def test_a_model_that_retires_is_a_finding_with_its_successor() -> None:
    findings = lint.findings(bundle(model=f"eu.{SONNET}", inference={"max_tokens": 100}))
    assert [(f.sentence, f.fix, f.name) for f in findings] == [
        (
            "Claude Sonnet 4.5 retires on 8 April 2027. Claude Sonnet 5.5 is meant to follow it.",
            "set_model",
            "eu.anthropic.claude-sonnet-5-5",
        )
    ]
    alone = Catalogue([replace(MODELS[0], retires_on=date(2027, 1, 1))])
    assert said(MODELS[0].id, alone)["model"] == "Amazon Nova Micro retires on 1 January 2027. Choose another in time."


def test_limits_are_those_of_the_list() -> None:
    small = Catalogue([replace(MODELS[0], max_output=50)])
    assert said(MODELS[0].id, small)["inference.max_tokens"] == "Amazon Nova Micro answers with at most 50 tokens."


@pytest.mark.django_db
def test_a_draft_for_the_successor_differs_in_its_model_alone(cast: Cast, prompt: Prompt) -> None:
    data = bundle(model=f"eu.{SONNET}")
    version = services.save_version(prompt=prompt, data=data, change=services.Change(summary="First."), actor=cast.alice)

    draft = model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.alice)

    assert draft.based_on == version
    assert draft.content == {**version.bundle.as_json(), "model": f"eu.{OPUS}"}
    assert model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.bob) == draft
    with pytest.raises(NotAllowed):
        model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.vera)


@pytest.mark.django_db
def test_a_draft_of_an_older_version_is_not_gone_on_with(cast: Cast, prompt: Prompt) -> None:
    """It would take back what the newest version brought."""
    services.save_version(prompt=prompt, data=bundle(model=SONNET), change=services.Change(summary="First."), actor=cast.alice)
    old = model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.alice)
    newest = services.save_version(
        prompt=prompt, data=bundle("Newer {{claim}}", model=SONNET), change=services.Change(summary="Second."), actor=cast.alice
    )
    draft = model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.alice)
    assert draft != old
    assert (draft.based_on, draft.content["messages"]) == (newest, bundle("Newer {{claim}}")["messages"])


@pytest.mark.django_db
def test_a_prompt_without_a_version_has_no_model_to_move_from(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid):
        model_services.open_draft_for_model(prompt=prompt, model=OPUS, actor=cast.alice)
