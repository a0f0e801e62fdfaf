"""The models that Studio knows, with prices and limits, and what a call costs.

Source: the price file of LiteLLM 1.109.1 (MIT), which cites the AWS price list and model cards; on-demand, us-east-1, as of
2026-11; dates of retirement are its own. Not checked against an invoice. Bedrock adds models weekly: an id that is not here is
allowed. What a model refuses rests on migration guides and public reports of its errors, not on a model card; it warns and blocks
nothing. A successor is a suggestion, of the same maker.

Site admins keep the list that pages show (`models/entries.py`); MODELS is what it starts from, and what holds without a database.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from .bundle import Bundle
from .templating import Rendered

# Pattern of PromptVariant.modelId in the service model of bedrock-agent.
MODEL_ID = re.compile(
    r"(arn:aws(-[^:]{1,12})?:(bedrock|sagemaker):[a-z0-9-]{1,20}:([0-9]{12})?:([a-z-]+/)?)?"
    r"([a-zA-Z0-9.-]{1,63}){0,2}(([:][a-z0-9-]{1,63}){0,2})?(/[a-z0-9]{1,12})?"
)
# A model that is asked elsewhere than at Bedrock, by what its name begins with: `openai:gpt-small`.
ELSEWHERE = re.compile(r"(?!arn:)[a-z][a-z0-9-]{1,30}:[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,160}")
# One that needs no server costs nothing.
LOCAL = "local:"
GEOGRAPHY = re.compile(r"(global|us-gov|us|eu|apac|au|ca|jp)\.")
# The price of a geographic inference profile against that of the plain id, for the models that are dearer there.
GEOGRAPHIC_SURCHARGE = Decimal("1.1")
MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Model:
    """Prices are USD per million tokens; `context` and `max_output` are tokens. `refuses` names settings that it does not take."""

    id: str
    label: str
    input_price: Decimal
    output_price: Decimal
    context: int
    max_output: int
    dearer_by_geography: bool = False
    refuses: tuple[str, ...] = ()
    retires_on: date | None = None
    successor: str = ""


class Catalogue:
    """Models by their ids."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._by_id = {model.id: model for model in models}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._by_id.values())

    def find(self, model_id: str) -> Model | None:
        """The known model behind an id, an inference profile (`eu.…`) or their ARN, at that profile's price; None if unknown."""
        if model_id.startswith(LOCAL):
            return Model(model_id, f"Local model {model_id.removeprefix(LOCAL)}", Decimal(), Decimal(), 200_000, 4_096)
        geography, plain = _parts(model_id)
        model = self._by_id.get(plain)
        if model is None or not geography:
            return model
        factor = GEOGRAPHIC_SURCHARGE if model.dearer_by_geography and geography != "global." else Decimal(1)
        return replace(
            model,
            id=geography + plain,
            input_price=model.input_price * factor,
            output_price=model.output_price * factor,
            dearer_by_geography=False,
        )

    def label_of(self, model_id: str) -> str:
        """As people call it; its id where no name is known."""
        model = self.find(model_id)
        return model.label if model else model_id

    def called(self, words: str) -> Model | None:
        """The model that people call so, in whatever case; None where there is none, or more than one."""
        found = [model for model in self if _folded(model.label) == _folded(words)]
        return found[0] if len(found) == 1 else None


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def is_elsewhere(model_id: str) -> bool:
    """Whether Bedrock has no such model: it can be tried and tested, but no version is published with it."""
    return ELSEWHERE.fullmatch(model_id) is not None


def plain_id(model_id: str) -> str:
    """Without the ARN and the geography around it."""
    return _parts(model_id)[1]


def in_place_of(model_id: str, successor: str) -> str:
    """The id of `successor` that is called where `model_id` is called now."""
    return successor if GEOGRAPHY.match(successor) else _parts(model_id)[0] + successor


def _parts(model_id: str) -> tuple[str, str]:
    plain = model_id.rpartition("/")[2] if model_id.startswith("arn:") else model_id
    geography = GEOGRAPHY.match(plain)
    return (geography[0], plain[geography.end() :]) if geography else ("", plain)


def _model(id_: str, label: str, prices: str, context: int, max_output: int, dearer_by_geography: bool = False) -> Model:
    input_price, output_price = map(Decimal, prices.split())
    return Model(
        id_,
        label,
        input_price,
        output_price,
        context,
        max_output,
        dearer_by_geography,
        refuses=SAMPLING if id_ in WITHOUT_SAMPLING else (),
        retires_on=date.fromisoformat(RETIRING[id_][0]) if id_ in RETIRING else None,
        successor=RETIRING[id_][1] if id_ in RETIRING else "",
    )


SAMPLING = ("temperature", "top_p")
WITHOUT_SAMPLING = frozenset(
    f"anthropic.claude-{name}" for name in ("haiku-5-5", "sonnet-5", "sonnet-5-5", "opus-4-7", "opus-4-8", "opus-5", "opus-5-5", "fable-5")
)
RETIRING = {
    "anthropic.claude-sonnet-4-20250514-v1:0": ("2026-10-14", "anthropic.claude-sonnet-5-5"),
    "anthropic.claude-sonnet-4-5-20250929-v1:0": ("2027-04-08", "anthropic.claude-sonnet-5-5"),
    "anthropic.claude-opus-4-1-20250805-v1:0": ("2027-01-08", "anthropic.claude-opus-5-5"),
    "meta.llama3-1-8b-instruct-v1:0": ("2027-03-30", ""),
    "meta.llama3-1-70b-instruct-v1:0": ("2027-03-30", ""),
    "meta.llama3-3-70b-instruct-v1:0": ("2027-03-30", ""),
    "meta.llama4-scout-17b-instruct-v1:0": ("2027-03-30", ""),
    "meta.llama4-maverick-17b-instruct-v1:0": ("2027-03-30", ""),
    "deepseek.r1-v1:0": ("2027-03-30", "deepseek.v3.2"),
    "qwen.qwen3-coder-30b-a3b-v1:0": ("2027-03-30", ""),
    "google.gemma-3-27b-it": ("2027-03-30", ""),
    "ai21.jamba-1-5-mini-v1:0": ("2026-11-26", ""),
    "ai21.jamba-1-5-large-v1:0": ("2026-11-26", ""),
    "writer.palmyra-x4-v1:0": ("2027-03-09", ""),
    "writer.palmyra-x5-v1:0": ("2027-03-21", ""),
}


MODELS: tuple[Model, ...] = (
    _model("amazon.nova-micro-v1:0", "Amazon Nova Micro", "0.035 0.14", 128_000, 10_000),
    _model("amazon.nova-lite-v1:0", "Amazon Nova Lite", "0.06 0.24", 300_000, 10_000),
    _model("amazon.nova-pro-v1:0", "Amazon Nova Pro", "0.8 3.2", 300_000, 10_000),
    _model("amazon.nova-premier-v1:0", "Amazon Nova Premier", "2.5 12.5", 1_000_000, 10_000),
    _model("amazon.nova-2-lite-v1:0", "Amazon Nova 2 Lite", "0.3 2.5", 1_000_000, 64_000, dearer_by_geography=True),
    _model("amazon.titan-text-express-v1", "Amazon Titan Text Express", "0.2 0.6", 42_000, 8_000),
    _model("anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", "0.8 4", 200_000, 8_192),
    _model("anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", "1 5", 200_000, 64_000, dearer_by_geography=True),
    _model("anthropic.claude-haiku-5-5", "Claude Haiku 5.5", "0.1 0.5", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", "3 15", 200_000, 8_192),
    _model("anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", "3 15", 200_000, 64_000),
    _model("anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", "3 15", 200_000, 64_000, dearer_by_geography=True),
    _model("anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", "3 15", 1_000_000, 64_000, dearer_by_geography=True),
    _model("anthropic.claude-sonnet-5", "Claude Sonnet 5", "2 10", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-sonnet-5-5", "Claude Sonnet 5.5", "2 10", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", "15 75", 200_000, 32_000),
    _model("anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", "5 25", 200_000, 64_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", "5 25", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-4-7", "Claude Opus 4.7", "5 25", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-4-8", "Claude Opus 4.8", "5 25", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-5", "Claude Opus 5", "5 25", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-opus-5-5", "Claude Opus 5.5", "4 20", 1_000_000, 128_000, dearer_by_geography=True),
    _model("anthropic.claude-fable-5", "Claude Fable 5", "10 50", 1_000_000, 128_000, dearer_by_geography=True),
    _model("meta.llama3-1-8b-instruct-v1:0", "Meta Llama 3.1 8B Instruct", "0.22 0.22", 128_000, 4_096),
    _model("meta.llama3-1-70b-instruct-v1:0", "Meta Llama 3.1 70B Instruct", "0.72 0.72", 128_000, 4_096),
    _model("meta.llama3-3-70b-instruct-v1:0", "Meta Llama 3.3 70B Instruct", "0.72 0.72", 128_000, 4_096),
    _model("meta.llama4-scout-17b-instruct-v1:0", "Meta Llama 4 Scout 17B Instruct", "0.17 0.66", 10_000_000, 8_192),
    _model("meta.llama4-maverick-17b-instruct-v1:0", "Meta Llama 4 Maverick 17B Instruct", "0.24 0.97", 1_000_000, 8_192),
    _model("mistral.mistral-large-2407-v1:0", "Mistral Large 2407", "2 6", 128_000, 8_191),
    _model("mistral.mistral-large-3-675b-instruct", "Mistral Large 3 675B Instruct", "0.5 1.5", 256_000, 32_000),
    _model("mistral.magistral-small-2509", "Mistral Magistral Small 2509", "0.5 1.5", 128_000, 40_000),
    _model("mistral.pixtral-large-2502-v1:0", "Mistral Pixtral Large 2502", "2 6", 128_000, 16_384),
    _model("deepseek.r1-v1:0", "DeepSeek R1", "1.35 5.4", 128_000, 8_192),
    _model("deepseek.v3.2", "DeepSeek V3.2", "0.62 1.85", 164_000, 8_000),
    _model("openai.gpt-oss-20b-1:0", "OpenAI gpt-oss 20B", "0.07 0.3", 128_000, 16_384),
    _model("openai.gpt-oss-120b-1:0", "OpenAI gpt-oss 120B", "0.15 0.6", 128_000, 16_384),
    _model("openai.gpt-6-luna", "OpenAI GPT-6 Luna", "0.1 0.5", 922_000, 128_000),
    _model("openai.gpt-6-sol", "OpenAI GPT-6 Sol", "2 10", 922_000, 128_000),
    _model("qwen.qwen3-32b-v1:0", "Qwen 3 32B", "0.15 0.6", 32_768, 8_192),
    _model("qwen.qwen3-235b-a22b-2507-v1:0", "Qwen 3 235B A22B 2507", "0.22 0.88", 262_144, 8_192),
    _model("qwen.qwen3-coder-30b-a3b-v1:0", "Qwen 3 Coder 30B A3B", "0.15 0.6", 262_144, 16_384),
    _model("google.gemma-3-27b-it", "Google Gemma 3 27B", "0.23 0.38", 128_000, 8_000),
    _model("moonshotai.kimi-k2.5", "Moonshot Kimi K2.5", "0.6 3", 256_000, 16_000),
    _model("minimax.minimax-m2.5", "MiniMax M2.5", "0.3 1.2", 196_000, 8_000),
    _model("zai.glm-5", "Z.ai GLM 5", "1 3.2", 200_000, 128_000),
    _model("nvidia.nemotron-nano-3-30b", "NVIDIA Nemotron Nano 3 30B", "0.06 0.24", 256_000, 8_000),
    _model("ai21.jamba-1-5-mini-v1:0", "AI21 Jamba 1.5 Mini", "0.2 0.4", 256_000, 4_096),
    _model("ai21.jamba-1-5-large-v1:0", "AI21 Jamba 1.5 Large", "2 8", 256_000, 4_096),
    _model("writer.palmyra-x4-v1:0", "Writer Palmyra X4", "2.5 10", 128_000, 8_192),
    _model("writer.palmyra-x5-v1:0", "Writer Palmyra X5", "0.6 6", 128_000, 8_192),
)
BUILT_IN = Catalogue(MODELS)
# Models that turn texts into numbers. They answer nothing, so nobody chooses them for a prompt. AWS's price list, as of 2026-11.
EMBEDDING = Catalogue(
    (
        _model("amazon.titan-embed-text-v2:0", "Amazon Titan Text Embeddings V2", "0.02 0", 8_192, 0),
        _model("cohere.embed-english-v3", "Cohere Embed English 3", "0.1 0", 512, 0),
        _model("cohere.embed-multilingual-v3", "Cohere Embed Multilingual 3", "0.1 0", 512, 0),
        _model("cohere.embed-v4:0", "Cohere Embed 4", "0.12 0", 128_000, 0),
    )
)


def with_embeddings(known: Catalogue) -> Catalogue:
    """Where a model that turns texts into numbers has its price: in the list that site admins keep, else here."""
    return Catalogue((*EMBEDDING, *known))


def find_model(model_id: str, known: Catalogue = BUILT_IN) -> Model | None:
    return known.find(model_id)


def estimate_tokens(text: str) -> int:
    """About how many tokens a model counts: a quarter of the UTF-8 bytes, rounded up.

    English comes out within about a fifth of what models count; other scripts and code less exactly.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def input_tokens(bundle: Bundle, rendered: Rendered) -> int:
    """The estimate for everything that is sent: texts, tools and the form of the answer."""
    texts = [rendered.system, *(message.text for message in rendered.messages)]
    if bundle.tools:
        texts.append(json.dumps([tool.model_dump(mode="json") for tool in bundle.tools]))
    if bundle.output_schema:
        texts.append(json.dumps(bundle.output_schema))
    return sum(map(estimate_tokens, texts))


def cost_per_call(bundle: Bundle, rendered: Rendered, known: Catalogue = BUILT_IN) -> Decimal | None:
    """The most that one call costs, in USD, by estimate: the input, and an answer of full length. None for an unknown model."""
    model = known.find(bundle.model)
    if model is None:
        return None
    output_tokens = min(bundle.inference.max_tokens or model.max_output, model.max_output)
    return (input_tokens(bundle, rendered) * model.input_price + output_tokens * model.output_price) / MILLION


def cost_of(model_id: str, *, input_tokens: int, output_tokens: int, known: Catalogue = BUILT_IN) -> Decimal | None:
    """What a call that was made costs, in USD. None for an unknown model."""
    model = known.find(model_id)
    return None if model is None else (input_tokens * model.input_price + output_tokens * model.output_price) / MILLION
