"""Well-structured prompts for tasks that most offices have, to begin a draft with and make one's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, str]


@dataclass(frozen=True)
class StartingPoint:
    """`about` says when to take it. `examples` are the prompt's first named examples: a name to a value for each variable."""

    slug: str
    title: str
    about: str
    system: str
    text: str
    variables: tuple[dict[str, Any], ...]
    examples: Mapping[str, Values] = field(default_factory=dict)
    max_tokens: int = 800
    temperature: float = 0.2

    def content(self) -> dict[str, Any]:
        return {
            "kind": "chat",
            "system": self.system,
            "messages": [{"role": "user", "text": self.text}],
            "variables": [dict(variable) for variable in self.variables],
            "inference": {"temperature": self.temperature, "max_tokens": self.max_tokens},
        }


def starting_point(slug: str) -> StartingPoint | None:
    return next((point for point in STARTING_POINTS if point.slug == slug), None)


def _text(name: str, description: str, example: str) -> dict[str, Any]:
    return {"name": name, "type": "string", "description": description, "example": example}


REPORT = (
    "The pipe under the kitchen sink burst on 12 October. The floor is swollen, and two cupboards are wet. I have switched the water off."
)
LETTER = "I sent you my documents three weeks ago and have heard nothing since. When will somebody look at my claim?"
MINUTES = "Ms Olsen asked for a new quote. Mr Larsen sends it by Friday. We start in March as planned. Who pays for the scaffold is open."
OLD_TERMS = "The excess is 300 euros for each claim. Claims are reported within fourteen days."
NEW_TERMS = "The excess is 500 euros for each claim. Claims are reported without delay."

STARTING_POINTS: tuple[StartingPoint, ...] = (
    StartingPoint(
        slug="extract",
        title="Extract data from a document",
        about="Take dates, names and amounts out of a letter or report, always in the same form.",
        system="You take facts out of documents. You copy what is written and never guess: a wrong entry costs more than an empty one.",
        text="""<instructions>
Take the fields listed below out of the document.
- Write one field a line, as “Field: value”, in the order of the list.
- Copy names, numbers and dates as they are written.
- Where the document does not say it, write “not stated”.
- Add nothing before or after the list.
</instructions>

<fields>
{{fields}}
</fields>

<document>
{{document}}
</document>""",
        variables=(
            _text("fields", "What to look for, one field a line", "Date of loss\nRooms affected\nMeasures taken"),
            _text("document", "The text of the letter or report", REPORT),
        ),
        examples={
            "Everything is stated": {"fields": "Date of loss\nRooms affected", "document": REPORT},
            "A field is missing": {"fields": "Date of loss\nPolicy number", "document": REPORT},
        },
        temperature=0.0,
    ),
    StartingPoint(
        slug="sort",
        title="Sort into categories",
        about="Give each incoming message exactly one of your categories, with the reason.",
        system="You sort incoming messages for a team that answers them. Each message gets exactly one category of the list.",
        text="""<instructions>
Read the message and choose the one category that fits best.
- Use a category only as it is spelled in the list.
- If several fit, choose the one that has to be handled first.
- If none fits, write “other”.
Answer in two lines: “Category: …” and “Reason: …” with at most fifteen words.
</instructions>

<categories>
{{categories}}
</categories>

<message>
{{message}}
</message>""",
        variables=(
            _text(
                "categories",
                "Your categories, one a line, each with what belongs to it",
                "status: asks how far it is\ncomplaint: is unhappy\nnew claim",
            ),
            _text("message", "What the customer wrote", LETTER),
        ),
        examples={
            "Asks and complains": {"categories": "status\ncomplaint\nnew claim", "message": LETTER},
            "Fits nothing": {"categories": "status\ncomplaint\nnew claim", "message": "Are you open on Saturday?"},
        },
        max_tokens=200,
        temperature=0.0,
    ),
    StartingPoint(
        slug="answer-letter",
        title="Answer a customer’s letter",
        about="Draft a reply in your tone from facts that you give, for a person to check and send.",
        system="""You draft replies to customers for a clerk, who reads each draft before it is sent.
Be friendly, clear and brief. Promise nothing that the facts do not say, and never invent a date, an amount or a name.""",
        text="""<instructions>
Draft a reply to the letter.
1. Thank the customer in one sentence, and name what the letter is about.
2. Answer each question from the facts. Where they do not answer it, say who will, without a date.
3. Say what happens next.
Use short sentences and no technical words. Write in {{language}}, at most 150 words.
</instructions>

<facts>
{{facts}}
</facts>

<letter>
{{letter}}
</letter>""",
        variables=(
            _text("language", "The language of the reply", "English"),
            _text("facts", "What is known and may be said", "The documents arrived on 2 October. Ms Brandt examines the claim."),
            _text("letter", "The customer’s letter", LETTER),
        ),
        examples={"A question about progress": {"language": "English", "facts": "The documents are complete.", "letter": LETTER}},
        temperature=0.4,
    ),
    StartingPoint(
        slug="summarise",
        title="Summarise a file",
        about="Bring a long file down to what a reader has to know and decide.",
        system="You summarise files for colleagues who take a case over and have two minutes. Use only what the file says.",
        text="""<instructions>
Summarise the file for {{reader}}.
Use these headings, and write “nothing” under one that stays empty:
- What it is about: two sentences
- What was agreed: with who and when
- What is open: each with who has to act
- What looks wrong or contradicts itself
Keep it under 200 words.
</instructions>

<file>
{{file}}
</file>""",
        variables=(
            _text("reader", "Who will read it", "the claims manager"),
            _text("file", "The text of the file", MINUTES),
        ),
        examples={"Minutes of a meeting": {"reader": "the project lead", "file": MINUTES}},
    ),
    StartingPoint(
        slug="check-complete",
        title="Check completeness against a list",
        about="See whether an application holds everything that you ask for, and what to ask for again.",
        system="You check whether documents are complete. You judge what is there, not whether it is right, and show the place.",
        text="""<instructions>
Go through the list, point by point, and look for it in the document.
Write one line for each point: “present”, “unclear” or “missing”, then the point, then the words of the document that show it.
End with one sentence that asks the sender for whatever is unclear or missing; leave it out if nothing is.
</instructions>

<list>
{{checklist}}
</list>

<document>
{{document}}
</document>""",
        variables=(
            _text("checklist", "What has to be there, one point a line", "Date of the damage\nCause\nPhotographs\nAccount number"),
            _text("document", "What was sent in", REPORT),
        ),
        examples={"Photographs are missing": {"checklist": "Cause\nPhotographs", "document": REPORT}},
        temperature=0.0,
    ),
    StartingPoint(
        slug="rewrite",
        title="Rewrite for tone",
        about="Say the same in plainer or friendlier words, without changing what is promised.",
        system="You rewrite texts. Meaning, facts, amounts and obligations stay exactly as they are; only the words change.",
        text="""<instructions>
Rewrite the text for {{reader}}. It shall sound {{tone}}.
- Keep every fact, number, date and condition.
- Use short sentences, and verbs instead of nouns.
- Explain a technical word where it stands for the first time.
Answer with the new text alone.
</instructions>

<text>
{{text}}
</text>""",
        variables=(
            _text("reader", "Who will read it", "a customer without knowledge of insurance"),
            {
                "name": "tone",
                "type": "choice",
                "description": "How it shall sound",
                "choices": ["friendly", "plain", "formal"],
                "example": "plain",
            },
            _text(
                "text", "The text as it is", "Upon receipt of the aforementioned documents the examination of the claim will be commenced."
            ),
        ),
        examples={"Terms in plain words": {"reader": "a new customer", "tone": "plain", "text": OLD_TERMS}},
        temperature=0.5,
    ),
    StartingPoint(
        slug="translate",
        title="Translate with your terms",
        about="Translate so that the words of your business are always the same ones.",
        system="You translate business texts. You keep names, numbers, line breaks and order, and use the terms that are given to you.",
        text="""<instructions>
Translate the text into {{language}}.
- Where a word of the list occurs, use its translation from the list, in the form that the sentence needs.
- Leave names, addresses and numbers as they are.
- Where a sentence can mean two things, choose the likelier one, and name it after the translation under “To check”.
</instructions>

<terms>
{{terms}}
</terms>

<text>
{{text}}
</text>""",
        variables=(
            _text("language", "The language to translate into", "German"),
            _text("terms", "Your terms, one a line: word = translation", "excess = Selbstbehalt\nclaim = Schaden"),
            _text("text", "The text to translate", OLD_TERMS),
        ),
        examples={"Terms of a policy": {"language": "German", "terms": "excess = Selbstbehalt", "text": OLD_TERMS}},
        max_tokens=2000,
    ),
    StartingPoint(
        slug="compare",
        title="Compare two texts",
        about="Find what changed between two versions of a text, and what it means for the reader.",
        system="You compare two texts for somebody who has to decide. You report differences in meaning, not wording, and quote both.",
        text="""<instructions>
Compare the old text with the new one.
For each difference in meaning write: what it concerns, the old words, the new words, and what it means for {{reader}}.
Put what costs money or changes a deadline first.
If nothing changed in meaning, say so in one sentence.
</instructions>

<old_text>
{{old_text}}
</old_text>

<new_text>
{{new_text}}
</new_text>""",
        variables=(
            _text("reader", "Whose view counts", "the policyholder"),
            _text("old_text", "The text as it was", OLD_TERMS),
            _text("new_text", "The text as it is now", NEW_TERMS),
        ),
        examples={"Two versions of the terms": {"reader": "the policyholder", "old_text": OLD_TERMS, "new_text": NEW_TERMS}},
    ),
)
