"""InvokeModel, for models that turn texts into numbers: Amazon's Titan Text Embeddings V2 and Cohere's Embed, by their own bodies."""

import base64
import json
import re
from typing import Any

from . import local_embedding
from .errors import Reply, invalid, json_reply
from .local_model import tokens_in

TITAN = re.compile(r"(?:[a-z-]+\.)?amazon\.titan-embed-text-v2(?::[0-9]+)?")
COHERE = re.compile(r"(?:[a-z-]+\.)?cohere\.embed-[a-z0-9-]+(?::[0-9]+)?")
TITAN_SIZES = (256, 512, 1024)
COHERE_SIZE = 1024
COHERE_KINDS = ("search_document", "search_query", "classification", "clustering", "image")
LONGEST_FOR_TITAN = 50_000


def invoke(params: dict) -> Reply:
    body, model = _body(params), params["modelId"]
    if TITAN.fullmatch(model):
        return _titan(body)
    if COHERE.fullmatch(model):
        return _cohere(body)
    raise invalid("The local AWS answers InvokeModel for Titan Text Embeddings V2 and Cohere Embed alone. Ask others by Converse.")


def _titan(body: dict[str, Any]) -> Reply:
    _known(body, "inputText", "dimensions", "normalize", "embeddingTypes")
    text, size, normalize = body.get("inputText"), body.get("dimensions", 1024), body.get("normalize", True)
    if not isinstance(text, str) or not text:
        raise invalid("#/inputText: expected minLength: 1")
    if len(text) > LONGEST_FOR_TITAN:
        raise invalid(f"#/inputText: expected maxLength: {LONGEST_FOR_TITAN}, actual: {len(text)}")
    if size not in TITAN_SIZES or not isinstance(normalize, bool):
        raise invalid(f"dimensions is one of {TITAN_SIZES}, normalize true or false.")
    numbers = local_embedding.numbers_of(text, size)
    reply = {"embedding": numbers, "embeddingsByType": {"float": numbers}, "inputTextTokenCount": tokens_in(text)}
    return json_reply(200, reply, X_Amzn_Bedrock_Input_Token_Count=str(tokens_in(text)), X_Amzn_Bedrock_Invocation_Latency="20")


def _cohere(body: dict[str, Any]) -> Reply:
    _known(body, "texts", "input_type", "embedding_types", "truncate", "output_dimension", "max_tokens", "images", "inputs")
    texts = body.get("texts")
    if not isinstance(texts, list) or not 1 <= len(texts) <= 96 or not all(isinstance(text, str) and text for text in texts):
        raise invalid("texts is a list of 1 to 96 texts.")
    if body.get("input_type") not in COHERE_KINDS or body.get("embedding_types") != ["float"]:
        raise invalid("input_type is required, and the local AWS knows the embedding_types float alone.")
    found = {"float": [local_embedding.numbers_of(text, COHERE_SIZE) for text in texts]}
    tokens = sum(map(tokens_in, texts))
    reply = {"id": "local", "response_type": "embeddings_by_type", "embeddings": found, "texts": texts}
    return json_reply(200, reply, X_Amzn_Bedrock_Input_Token_Count=str(tokens), X_Amzn_Bedrock_Invocation_Latency="20")


def _known(body: dict[str, Any], *names: str) -> None:
    if strange := sorted(body.keys() - set(names)):
        raise invalid(f"Malformed input request: extraneous key [{strange[0]}] is not permitted")


def _body(params: dict) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(params.get("body", "")))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid("Malformed input request: the body is no JSON object.")
    return found
