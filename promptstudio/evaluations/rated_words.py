"""What people wrote beside their thumbs, in the trail, which has each of the words that a rating ever had."""

from promptstudio.audit.models import Entry
from promptstudio.audit.services import forget_words, words_of

from .models import Rating


def forget_rated_words(rating: Rating) -> None:
    prompt = rating.answer.prompt
    told = words_of(Entry.objects.filter(object_uid=prompt.uid, action="answer.rated", data__contains=str(rating.uid)))
    for words in told.values():
        forget_words(text=words.get("why", ""), object_uids=[prompt.uid])
