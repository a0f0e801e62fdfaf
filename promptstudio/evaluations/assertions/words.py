"""What each type of assertion means, in the words of whoever reads a test, and whether Studio runs it.

The names are promptfoo's (0.121). docs/assertions.md is checked against this table.
"""

from dataclasses import dataclass
from typing import Literal

# `asked`: another model is asked, a judge or one that turns texts into numbers.
Group = Literal["run", "asked", "judged", "later", "kept"]
GROUP = "assert-set"


@dataclass(frozen=True)
class Word:
    """`label` begins a sentence that the value ends; `negated` is that of `not-<type>`, empty where there is none."""

    group: Group
    label: str
    negated: str
    explanation: str


def _asked(label: str, negated: str, explanation: str) -> Word:
    return Word("asked", label, negated, explanation)


def _judged(label: str, explanation: str, negated: str = "") -> Word:
    return Word("judged", label, negated or f"Not: {label[0].lower()}{label[1:]}", explanation)


def _kept(label: str, explanation: str) -> Word:
    return Word("kept", label, f"Not: {label[0].lower()}{label[1:]}", explanation)


WORDS: dict[str, Word] = {
    "equals": Word("run", "The answer is exactly", "The answer is not exactly", "Every letter counts, also spaces and line breaks."),
    "contains": Word("run", "The answer contains", "The answer does not contain", "Capital and small letters are different."),
    "icontains": Word(
        "run",
        "The answer contains, in capital or small letters,",
        "The answer does not contain, in capital or small letters,",
        "“Covered” and “covered” are the same.",
    ),
    "contains-any": Word("run", "The answer contains one of", "The answer contains none of", "Words with commas between them."),
    "contains-all": Word(
        "run", "The answer contains all of", "The answer does not contain all of", "Words with commas between them; none may be missing."
    ),
    "icontains-any": Word(
        "run",
        "The answer contains, in capital or small letters, one of",
        "The answer contains, in capital or small letters, none of",
        "Words with commas between them.",
    ),
    "icontains-all": Word(
        "run",
        "The answer contains, in capital or small letters, all of",
        "The answer does not contain, in capital or small letters, all of",
        "Words with commas between them; none may be missing.",
    ),
    "starts-with": Word("run", "The answer starts with", "The answer does not start with", "Capital and small letters are different."),
    "regex": Word(
        "run",
        "Something in the answer matches the pattern",
        "Nothing in the answer matches the pattern",
        "A regular expression, as JavaScript reads it: [0-9]{2}/[0-9]{4} finds 11/2026.",
    ),
    "is-json": Word(
        "run", "The answer is JSON", "The answer is not JSON", "Data for another program, and nothing else; a schema can say its form."
    ),
    "contains-json": Word(
        "run",
        "The answer contains JSON",
        "The answer contains no JSON",
        "Data for another program somewhere in the text; a schema can say its form.",
    ),
    "is-xml": Word(
        "run", "The answer is XML", "The answer is not XML", "Well-formed from start to end; elements can be named that must be in it."
    ),
    "contains-xml": Word(
        "run",
        "The answer contains XML",
        "The answer contains no XML",
        "Elements somewhere in the text; some can be named that must be there.",
    ),
    "is-html": Word(
        "run", "The answer is a piece of a web page", "The answer is no piece of a web page", "HTML, with no text outside its tags."
    ),
    "contains-html": Word("run", "The answer contains HTML", "The answer contains no HTML", "Tags as in a web page somewhere in the text."),
    "is-sql": Word(
        "run",
        "The answer is SQL",
        "The answer is not SQL",
        "Statements for a database, and nothing else; the database and the tables allowed can be named.",
    ),
    "contains-sql": Word(
        "run",
        "The answer contains SQL",
        "The answer contains no SQL",
        "Statements in a block of code, or else as the whole answer; the database and the tables allowed can be named.",
    ),
    "word-count": Word(
        "run", "The number of words is", "The number of words is not", "Exactly so many, or at least (min) and at most (max)."
    ),
    "levenshtein": Word(
        "run",
        "The answer is nearly",
        "The answer is not nearly",
        "Counts the characters that would have to be changed; at most 5, or as many as the threshold says.",
    ),
    "rouge-n": Word(
        "run",
        "The answer shares words with",
        "The answer shares few words with",
        "Share of common words, from 0 to 1 (ROUGE-1); at least 0.75.",
    ),
    "bleu": Word(
        "run", "The answer is worded like", "The answer is not worded like", "Share of common phrases, from 0 to 1 (BLEU); at least 0.5."
    ),
    "gleu": Word(
        "run",
        "The answer is worded like (short texts)",
        "The answer is not worded like (short texts)",
        "Share of common phrases, from 0 to 1 (GLEU); at least 0.5.",
    ),
    "latency": Word(
        "run",
        "The answer is there within (milliseconds)",
        "The answer takes longer than (milliseconds)",
        "How long the model takes; 1000 is a second.",
    ),
    "cost": Word("run", "The answer costs at most (US dollars)", "The answer costs more than (US dollars)", "What this one call costs."),
    "finish-reason": Word(
        "run",
        "The model stops because of",
        "The model does not stop because of",
        "stop: it was ready. length: it was cut off. tool_calls: it calls a tool.",
    ),
    "is-refusal": Word(
        "run",
        "The answer is a refusal",
        "The answer is no refusal",
        "Knows English phrases such as “I cannot help”; an empty answer counts.",
    ),
    "is-valid-function-call": Word(
        "run", "The model calls a tool rightly", "", "Each call names a tool of the prompt and gives it what its form asks for."
    ),
    "is-valid-openai-function-call": Word(
        "run", "The model calls a tool rightly (OpenAI function)", "", "The same, under the name that OpenAI's older interface has for it."
    ),
    "is-valid-openai-tools-call": Word(
        "run", "The model calls tools rightly (OpenAI tools)", "", "The same, under the name that OpenAI's newer interface has for it."
    ),
    "tool-call-f1": Word(
        "run",
        "The model calls the tools",
        "The model does not call the tools",
        "Those that it should call, and no other; with a threshold, nearly so.",
    ),
    "meteor": Word(
        "later",
        "The answer says the same as",
        "The answer does not say the same as",
        "Compares words, their stems and synonyms (METEOR); promptfoo 0.121 stops with an error there, so no outcome can be the same.",
    ),
    "llm-rubric": _asked(
        "The answer does this, says a judge:",
        "The answer does not do this, says a judge:",
        "Another model reads the answer and judges it by your words: makes no promise of payout.",
    ),
    "model-graded-closedqa": _asked(
        "The answer meets this criterion, says a judge:", "", "Another model says yes or no to one criterion; no points between."
    ),
    "factuality": _asked(
        "The answer agrees in its facts, says a judge, with", "", "Another model compares the facts with a text that is right."
    ),
    "model-graded-factuality": _asked("The answer agrees in its facts (older name), says a judge, with", "", "The same as factuality."),
    "g-eval": _asked(
        "The answer does this, says a judge who goes step by step:",
        "The answer does not do this, says a judge who goes step by step:",
        "Another model plans how to check your words, goes through it and gives points; at least 0.7 of 1.",
    ),
    "answer-relevance": _judged("The answer speaks to the question", "A model says how much of the answer belongs to the question."),
    "context-recall": _judged("The sources hold what the answer needs", "A model looks for each statement in the sources."),
    "context-relevance": _judged("The sources belong to the question", "A model says how much of the sources is needed."),
    "context-faithfulness": _judged("The answer keeps to its sources", "A model looks for statements that no source supports."),
    "conversation-relevance": _judged("Each turn of the conversation belongs to it", "A model reads the whole conversation."),
    "similar": _asked(
        "The answer means nearly",
        "The answer means something else than",
        "Compares meanings as numbers (embeddings), by their angle; at least 0.75 of 1.",
    ),
    "similar:cosine": _asked(
        "The answer means nearly (by angle)",
        "The answer means something else (by angle) than",
        "Compares meanings as numbers, by their angle; at least 0.75 of 1.",
    ),
    "similar:dot": _asked(
        "The answer means nearly (by product)",
        "The answer means something else (by product) than",
        "Compares meanings as numbers, by their product; at least 0.75.",
    ),
    "similar:euclidean": _asked(
        "The answer means nearly (by distance)",
        "The answer means something else (by distance) than",
        "Compares meanings as numbers, by their distance; at most 0.75.",
    ),
    "classifier": _judged("A classifier finds", "A small model sorts the answer into kinds, such as polite or rude."),
    "moderation": _judged("The answer is harmless", "A service looks for harmful content."),
    "guardrails": _judged("The guardrail lets the answer pass", "What the provider's own protection says."),
    "select-best": Word("judged", "It is the best of all versions by", "", "A model compares the answers of all versions and chooses one."),
    "max-score": Word("judged", "It has the most points of all versions", "", "Compares the points of all versions."),
    "human": Word("judged", "A person finds that", "", "Somebody reads the answer and decides."),
    "javascript": _kept("A program in JavaScript agrees", "Code from a file is kept and never run."),
    "python": _kept("A program in Python agrees", "Code from a file is kept and never run."),
    "ruby": _kept("A program in Ruby agrees", "Code from a file is kept and never run."),
    "webhook": _kept("Another system agrees", "The answer would be sent to an address from a file; it never is."),
    "perplexity": _kept("The model was sure of its words", "Needs numbers that Bedrock does not give."),
    "perplexity-score": _kept("The model was sure of its words, as a score", "Needs numbers that Bedrock does not give."),
    "pi": _kept("The Pi service finds that", "A service outside judges the answer."),
    "search-rubric": _kept("A model that searches the web finds that", "A model would look things up."),
    "agent-rubric": _kept("An agent finds that", "An agent with tools would judge the answer."),
    "skill-used": _kept("The agent used the skill", "Needs the record of an agent's steps."),
    "trajectory:tool-used": _kept("On its way the agent used the tool", "Needs the record of an agent's steps."),
    "trajectory:tool-args-match": _kept("On its way the agent gave the tool", "Needs the record of an agent's steps."),
    "trajectory:tool-sequence": _kept("On its way the agent used tools in the order", "Needs the record of an agent's steps."),
    "trajectory:step-count": _kept("The number of the agent's steps is", "Needs the record of an agent's steps."),
    "trajectory:goal-success": _kept("The agent reached its goal", "Needs the record of an agent's steps."),
    "trace-span-count": _kept("The number of recorded steps is", "Needs the technical record of a call."),
    "trace-span-duration": _kept("The recorded steps take at most", "Needs the technical record of a call."),
    "trace-error-spans": _kept("The recorded steps with mistakes are at most", "Needs the technical record of a call."),
}

_WHY_NOT = {
    "judged": "This needs a source, a service, other answers or a person to judge by, which is not run here yet.",
    "later": "This is not run here yet.",
    "kept": "This is kept as it was imported and never run here.",
}


def base_of(assertion_type: str) -> str:
    return assertion_type.removeprefix("not-")


def is_known(assertion_type: str) -> bool:
    if not assertion_type.startswith("not-"):
        return assertion_type in WORDS or assertion_type == GROUP
    # promptfoo takes them, and gives them the outcome of the plain ones.
    return base_of(assertion_type) in WORDS and base_of(assertion_type) not in ("select-best", "max-score", "human")


def is_run(assertion_type: str) -> bool:
    """Whether Studio can say if it holds, by itself or by asking. A group is run where its members are."""
    return assertion_type == GROUP or _is_of(assertion_type, "run", "asked")


def is_asked(assertion_type: str) -> bool:
    """Whether another model has to be asked first."""
    return _is_of(assertion_type, "asked")


def _is_of(assertion_type: str, *groups: Group) -> bool:
    return is_known(assertion_type) and WORDS[base_of(assertion_type)].group in groups


def why_not_run(assertion_type: str) -> str:
    word = WORDS[base_of(assertion_type)]
    return f"{_WHY_NOT[word.group]} {word.explanation}"


def label_of(assertion_type: str) -> str:
    if assertion_type == GROUP:
        return "A group of checks holds"
    word = WORDS.get(base_of(assertion_type))
    if word is None:
        return assertion_type
    return word.negated or word.label if assertion_type.startswith("not-") else word.label
