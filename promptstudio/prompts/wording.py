"""Whether a change of text is mere wording, or says something else.

Wording touches no number, amount, date, negation or must/may/never word, and adds or removes no sentence. Where that cannot be
told (a script whose words are not known here), a change is never called wording.
"""

import re
from collections import Counter
from itertools import pairwise

from .templating import PLACEHOLDER

SHOWN = 5
SHOWN_CHARACTERS = 60
# Two sentences that share fewer of their letter pairs are different sentences, not two wordings of one.
SAME_SENTENCE = 0.5

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’»)]{0,3}\s+|(?<=[。！？؟।])|\n+")
NUMBER = r"(?:(?<![^\s(])[-−+])?[€$£¥₹]?\d+(?:[.,:/–-]\d+)*[%‰€$£¥₹°]?"
TOKEN = re.compile(rf"{NUMBER}|[^\W\d_]+(?:['’][^\W\d_]+)*|[€$£¥₹%]")
KNOWN_SCRIPT = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AMOUNTS = _words(
    """
    one two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred thousand million billion dozen half
    twice once double
    first second third minimum maximum least most more less fewer over under above below before after until within
    percent euro euros eur dollar dollars usd pound pounds gbp franc francs chf cent cents km metres meters kg
    second seconds minute minutes hour hours day days week weeks month months quarter year years today tomorrow yesterday
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
    november december
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig fünfzig hundert tausend million millionen dutzend
    halb doppelt
    erste ersten zweite zweiten dritte dritten mindestens höchstens mehr weniger über unter vor nach bis binnen innerhalb prozent
    franken
    sekunde sekunden minute minuten stunde stunden tag tage tagen woche wochen monat monate monaten quartal jahr jahre jahren
    heute morgen gestern
    montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember
    """
)
RULES = _words(
    """
    not no never none nobody nothing neither nor without cannot except unless only always must may might shall should can could
    need needs
    required mandatory optional allowed forbidden prohibited ought every all any either
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder außer nur immer stets muss muß müssen musst
    müsst
    müsste darf dürfen darfst dürft dürfte soll sollen sollst sollt sollte sollten kann können kannst könnt könnte könnten
    brauchen
    pflicht verboten erlaubt zwingend optional jede jeder jedes jeden alle allen
    ne pas jamais sans aucun aucune doit doivent peut peuvent seulement toujours nunca sin debe deben puede pueden siempre ninguno
    ninguna
    non mai senza deve devono può possono sempre não nem sem deve devem pode podem niet geen nooit zonder moet moeten mag mogen
    altijd
    """
)
TELLING = AMOUNTS | RULES


def beyond_wording(old: str, new: str) -> list[str]:
    """Sentences on what a change of text touches beyond wording; none where it is wording. Linear in the lengths."""
    if old.split() == new.split():
        return []
    before, after = _sentences(old), _sentences(new)
    if len(before) != len(after) or (before != after and Counter(before) == Counter(after)):
        return _limited(_added_and_removed(before, after))
    meaning: list[str] = []
    for one, other in zip(before, after, strict=True):
        if one != other:
            meaning += _sentence_change(one, other)
        if len(meaning) > 2 * SHOWN and len(set(meaning)) > SHOWN:
            break
    return _limited(meaning)


def _sentences(text: str) -> list[str]:
    # A line of dashes or braces says nothing.
    return [" ".join(part.split()) for part in SENTENCE_END.split(text) if TOKEN.search(part)]


def _added_and_removed(before: list[str], after: list[str]) -> list[str]:
    removed, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    reasons: list[str] = []
    for sentence in list(removed)[:SHOWN]:
        # One that only says it otherwise was changed, not taken out and put in again.
        if other := next((candidate for candidate in list(added)[:SHOWN] if _alike(sentence, candidate)), None):
            reasons += _sentence_change(sentence, other)
            del removed[sentence], added[other]
    reasons += [f"A sentence was added: “{_short(sentence)}”" for sentence in added]
    reasons += [f"A sentence was removed: “{_short(sentence)}”" for sentence in removed]
    return reasons or ["The order of sentences changed."]


def _sentence_change(old: str, new: str) -> list[str]:
    if not _alike(old, new):
        return [f"A sentence was replaced: “{_short(old)}” became “{_short(new)}”"]
    reasons = _placeholder_change(old, new) + _token_change(_telling(old), _telling(new))
    if not reasons and _unknown_script(old, new):
        reasons = [f"The sentence “{_short(new)}” changed, in a script whose wording is not judged here."]
    return reasons


def _placeholder_change(old: str, new: str) -> list[str]:
    before, after = PLACEHOLDER.findall(old), PLACEHOLDER.findall(new)
    if before == after:
        return []
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    reasons = [f"{name} is no longer filled in at “{_short(old)}”." for name in gone]
    reasons += [f"{name} is now filled in at “{_short(new)}”." for name in come]
    return reasons or ["Variables are filled in in another order."]


def _telling(sentence: str) -> list[str]:
    """The numbers, amounts, dates, negations and rule words of a sentence, in order."""
    return [token for token in _tokens(sentence) if not token[0].isalpha() or token in TELLING or token.endswith(("n't", "n’t"))]


def _tokens(sentence: str) -> list[str]:
    return TOKEN.findall(PLACEHOLDER.sub(" ", sentence).lower())


def _token_change(old: list[str], new: list[str]) -> list[str]:
    if old == new:
        return []
    removed, added = list((Counter(old) - Counter(new)).elements()), list((Counter(new) - Counter(old)).elements())
    if not removed and not added:
        moved = dict.fromkeys(one for one, other in zip(old, new, strict=True) if one != other)
        return [f"The order of {' and '.join(f'“{token}”' for token in list(moved)[:SHOWN])} changed."]
    pairs = min(len(removed), len(added))
    reasons = [_replaced(one, other) for one, other in zip(removed, added, strict=False)]
    reasons += [f"{_called(token)} was removed." for token in removed[pairs:]]
    return reasons + [f"{_called(token)} was added." for token in added[pairs:]]


def _replaced(old: str, new: str) -> str:
    if _is_number(old) and _is_number(new):
        return f"The number {old} became {new}."
    return f"“{old}” became “{new}”."


def _called(token: str) -> str:
    return f"The number {token}" if _is_number(token) else f"“{token}”"


def _is_number(token: str) -> bool:
    return any(character.isdigit() for character in token)


def _alike(old: str, new: str) -> bool:
    one, other = _letter_pairs(old), _letter_pairs(new)
    shared = sum((one & other).values())
    return 2 * shared >= SAME_SENTENCE * (sum(one.values()) + sum(other.values()))


def _letter_pairs(text: str) -> Counter[str]:
    lowered = f" {text.lower()} "
    return Counter(map("".join, pairwise(lowered)))


def _unknown_script(old: str, new: str) -> bool:
    changed = (Counter(_tokens(old)) - Counter(_tokens(new))) | (Counter(_tokens(new)) - Counter(_tokens(old)))
    return any(character.isalpha() and not KNOWN_SCRIPT.match(character) for token in changed for character in token)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= SHOWN_CHARACTERS else sentence[: SHOWN_CHARACTERS - 1].rstrip() + "…"


def _limited(reasons: list[str]) -> list[str]:
    unique = list(dict.fromkeys(reasons))
    return unique if len(unique) <= SHOWN else [*unique[:SHOWN], "And more of this kind."]
