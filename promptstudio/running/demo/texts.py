"""The prompts of the demo department, written for it. Each version is a change to the one before."""

from typing import Any

SONNET = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"


def variable(name: str, description: str, example: Any, *, type: str = "string", required: bool = True, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "required": required, "description": description, "example": example, **more}


def chat(
    system: str,
    user: str,
    variables: list[dict[str, Any]],
    *,
    model: str = SONNET,
    temperature: float = 0.2,
    longest: int = 800,
    begin: str = "",
) -> dict[str, Any]:
    messages = [{"role": "user", "text": user}] + ([{"role": "assistant", "text": begin}] if begin else [])
    return {
        "kind": "chat",
        "system": system,
        "messages": messages,
        "variables": variables,
        "model": model,
        "inference": {"temperature": temperature, "max_tokens": longest},
    }


def text(
    words: str, variables: list[dict[str, Any]], *, model: str = HAIKU, temperature: float = 0.2, longest: int = 500
) -> dict[str, Any]:
    return {
        "kind": "text",
        "messages": [{"role": "user", "text": words}],
        "variables": variables,
        "model": model,
        "inference": {"temperature": temperature, "max_tokens": longest},
    }


POLICY = variable("policy_number", "As printed on the policy", "HR-2041-778")
REPORT = variable(
    "damage_report",
    "The customer's own words",
    "The pipe under the sink burst while we were away. The floor is swollen and the two lower cupboards are wet. "
    "I have switched the water off.",
)
REPORTED = variable("date_reported", "Day we heard of it", "14 October 2026")
LOSS = variable("date_of_loss", "Day the damage happened", "12 October 2026")
DEDUCTIBLE = variable("deductible", "The customer's own share in euros", 300, type="number")

WATER_SYSTEM = """You help claims handlers of Nordlicht Insurance with a first assessment of water damage in private homes.

Write for a colleague who has two minutes.
Use only what the report says.
Name rooms and objects in the customer's order.
Give amounts in euros, rounded to the next hundred.
Do not write about other perils.
Estimate the damage from the report. Assume the date of loss is the date of the report.
If something is missing from the report, list it.
Keep the answer short."""
WATER_USER = """The policyholder wrote on {{date_reported}}:

{{damage_report}}

Policy {{policy_number}}. Deductible: {{deductible}} euros.

List what is damaged, what is missing from the report, and a range in euros after the deductible."""

STORM_SYSTEM = """You sort storm reports for Nordlicht Insurance so that the urgent ones are called back first.

A report is urgent when the roof is open, water is running in, or someone cannot stay in the home.
Answer with one word, urgent or normal, and one sentence that says why.
Do not estimate amounts."""
STORM_USER = """Report from {{place}}, wind force {{wind_force}}:

{{damage_report}}"""
PLACE = variable("place", "Town or postcode of the home", "Kiel")
WIND = variable("wind_force", "Beaufort, from the weather service", 9, type="number")

INVOICE = """Read this invoice of a tradesperson and list every position in a table with the columns: what, quantity, price in euros.
Leave out positions that are not repair work.

Invoice:
{{invoice_text}}

End with the sum of the listed positions."""
INVOICE_TEXT = variable("invoice_text", "Text of the scanned invoice", "2 h drying, 180.00\n1 pump hire, 45.00\nTravel, 30.00")

LETTER_SYSTEM = """You write letters to policyholders of Nordlicht Insurance.

Write as one would speak to a neighbour: friendly, plain, without legal words.
Never promise cover that the handler has not confirmed.
Say what happens next and by when."""
LETTER_USER = """{{salutation}}

Write the letter about claim {{claim_number}}. Outcome: {{outcome}}.
Explain the deductible in one sentence that a neighbour would understand."""
SALUTATION = variable("salutation", "How the letter begins", "Dear Ms Petersen,")
CLAIM = variable("claim_number", "As in the claims system", "S-26-10433")
OUTCOME = variable("outcome", "What the handler decided", "settled", type="choice", choices=["settled", "partly settled", "declined"])

FRAUD = """You look for hints that a colleague in special investigations should read a claim. You never accuse anyone.

Claim {{claim_number}}:
{{damage_report}}

Earlier claims of the same household in three years: {{earlier_claims}}.

List at most 5 hints, each with the words of the report that it rests on. A claim just above the deductible is not a hint by itself.
If there is none, write: no hints."""
EARLIER = variable("earlier_claims", "How many, from the claims system", 1, type="number")

BURST = """Write what a call agent says when calling back a customer with a burst pipe.

Customer: {{customer_name}}. What we know: {{damage_report}}

Ask whether the main tap is closed. Ask whether anyone needs a place to sleep tonight.
Mention the deductible only when asked.
Tell them that a drying firm calls within 24 hours."""
CUSTOMER = variable("customer_name", "As the customer wants to be called", "Ms Petersen")

GLASS = """Decide whether a glass breakage claim can be settled at once.

Report: {{damage_report}}
Offer of the glazier: {{offer}} euros.

Settle at once up to 500 euros above the deductible of {{deductible}} euros. Otherwise say which document is missing.
Answer with: settle, or: needs a document, and one sentence."""
OFFER = variable("offer", "Sum of the glazier's offer in euros", 420, type="number")

HAIL = """Write a note of four lines for the handler who calls back about hail damage.

Report from {{place}}: {{damage_report}}

Line 1: what is damaged, roof first. Line 2: whether water comes in. Line 3: what to ask. Line 4: whether a roofer must come today.
Write only what the report says. Never name a sum."""
HAIL_WISH: dict[str, Any] = {
    "title": "Hail damage: note for the callback",
    "wanted": "A note of a few lines that I can read while the phone rings: what is damaged, whether it rains in, what I have to ask. "
    "It must not guess what it costs.",
    "audience": "Handlers in the callback team. They have half a minute before the customer picks up.",
    "given": "The customer's report and the town.",
    "answers": [
        {
            "name": "open roof",
            "given": "place: Plön\ndamage_report: Hail broke about twenty tiles above the bedroom. We put buckets under it.",
            "text": "Roof: about twenty tiles above the bedroom are broken.\nWater comes in; buckets stand under it.\n"
            "Ask: can they sleep elsewhere, is the power off in that room?\nA roofer must come today.",
            "why": "The roof comes first, and it says that somebody must come today.",
        },
        {
            "name": "dents only",
            "given": "place: Eutin\ndamage_report: Dents in the gutter and on the window sills, nothing is leaking.",
            "text": "Gutter and window sills have dents.\nNo water comes in.\n"
            "Ask: are there pictures of the gutter?\nNo roofer needed today.",
            "why": "Short, and it does not make more of it than it is.",
        },
        {
            "name": "a guessed sum",
            "good": False,
            "given": "place: Eutin\ndamage_report: Dents in the gutter and on the window sills, nothing is leaking.",
            "text": "Minor hail damage, approx. 800 euros. Customer should be informed about the deductible.",
            "why": "Nobody knows the sum yet, and the customer would hold us to it.",
        },
    ],
}
REMINDER_WISH: dict[str, Any] = {
    "title": "Reminder about a missing document",
    "wanted": "A friendly letter that reminds of one missing document, names it, and says why we need it.",
    "audience": "Policyholders who forgot to send something.",
    "given": "The claim number, the name of the customer, the document that is missing, and since when.",
    "answers": [
        {
            "name": "plumber's invoice",
            "given": "customer_name: Ms Petersen\ndocument: the plumber's invoice",
            "text": "Dear Ms Petersen, we would like to pay, and only the plumber's invoice is missing. "
            "A photograph is enough. Once it is here, it takes three working days.",
            "why": "It says what is missing, that a photograph will do, and what happens then.",
        },
        {
            "name": "a threat",
            "good": False,
            "given": "customer_name: Ms Petersen\ndocument: the plumber's invoice",
            "text": "Despite our repeated request you have failed to submit documents. Your claim may be rejected.",
            "why": "It threatens, and it does not say which document.",
        },
    ],
}

BOILER = "The pipe in the boiler room burst in the night. The boiler stands in water. A plumber comes at noon."
HALL = "The hose of the washing machine came off while we were out. The parquet in the hall has risen."
CEILING = "Water drips from the ceiling of the bathroom. Nobody lives above, and we do not know since when."
# What answers have to be.
NO_PROMISE = {"type": "not-icontains-any", "value": ["we will pay", "you are covered", "is covered"]}
SHORT = {"type": "word-count", "value": {"max": 150}}
HOSE = {"type": "icontains", "value": "hose"}
ASKS_BACK = {"type": "icontains", "value": "date of loss"}
