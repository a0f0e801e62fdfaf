"""What Bedrock asks of a prompt beyond its service model."""

import re

from .errors import Problems

MAX_TEXT = 200_000
MAX_TAGS = 50
PROMPT_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:(?P<region>[a-z0-9-]{1,20}):(?P<account>[0-9]{12}):prompt/(?P<id>[0-9a-zA-Z]{10})(?::(?P<version>[0-9]{1,5}))?"
)


def check_prompt(params: dict) -> None:
    """Raises ValidationException. `params` has passed the service model's own constraints."""
    problems = Problems()
    variants = params.get("variants", [])
    names = [variant["name"] for variant in variants]
    if "defaultVariant" in params and params["defaultVariant"] not in names:
        problems.add("defaultVariant", "Member must be the name of a variant")
    for number, variant in enumerate(variants, start=1):
        _check_variant(variant, f"variants.{number}.member", problems)
    problems.raise_if_any()


def check_tags(tags: dict[str, str]) -> None:
    problems = Problems()
    if len(tags) > MAX_TAGS:
        problems.add("tags", f"Member must have length less than or equal to {MAX_TAGS}")
    for key in tags:
        if key.lower().startswith("aws:"):
            problems.add(f"tags.{key}", "Member must not begin with aws:, which is reserved")
    problems.raise_if_any()


def check_turns(messages: list[dict], *, path: str, problems: Problems) -> None:
    """Conversation: begins with the user, roles alternate, no empty turn."""
    if messages and messages[0]["role"] != "user":
        problems.add(f"{path}.1.member.role", "A conversation must start with a user message")
    for number, message in enumerate(messages, start=1):
        here = f"{path}.{number}.member"
        if number > 1 and message["role"] == messages[number - 2]["role"]:
            problems.add(f"{here}.role", "Roles must alternate between user and assistant")
        if not message["content"]:
            problems.add(f"{here}.content", "Member must have length greater than or equal to 1")
        if any(block.get("text") == "" for block in message["content"]):
            problems.add(f"{here}.content", "Text must not be empty")


def _check_variant(variant: dict, path: str, problems: Problems) -> None:
    kind, configuration = variant["templateType"], variant["templateConfiguration"]
    if kind.lower() not in configuration:
        problems.add(f"{path}.templateConfiguration", f"Member must be {kind.lower()} for templateType {kind}")
        return
    if "modelId" in variant and "genAiResource" in variant:
        problems.add(path, "Only one of modelId and genAiResource may be given")
    template = configuration[kind.lower()]
    _check_input_variables(template.get("inputVariables", []), f"{path}.templateConfiguration.inputVariables", problems)
    if kind == "CHAT":
        _check_chat(template, f"{path}.templateConfiguration.chat", problems)
    _check_text_lengths(template, f"{path}.templateConfiguration", problems)


def _check_input_variables(declared: list[dict], path: str, problems: Problems) -> None:
    names = [variable.get("name") for variable in declared]
    if None in names:
        problems.add(path, "Every input variable must have a name")
    if len(set(names)) != len(names):
        problems.add(path, "Input variable names must be unique")


def _check_chat(chat: dict, path: str, problems: Problems) -> None:
    if not any(message["role"] == "user" for message in chat["messages"]):
        problems.add(f"{path}.messages", "At least one user message is required")
    check_turns(chat["messages"], path=f"{path}.messages", problems=problems)


def _check_text_lengths(template: dict, path: str, problems: Problems) -> None:
    if any(len(text) > MAX_TEXT for text in template_texts(template)):
        problems.add(path, f"Text must have length less than or equal to {MAX_TEXT}")


def template_texts(template: dict) -> list[str]:
    """Every text of a template: a TEXT template's one, or a CHAT template's system and message blocks."""
    if "text" in template:
        return [template["text"]]
    blocks = [*template.get("system", []), *(block for message in template["messages"] for block in message["content"])]
    return [block["text"] for block in blocks if "text" in block]
