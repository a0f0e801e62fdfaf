from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.answering import who_answers
from promptstudio.projects.models import Membership
from promptstudio.projects.roles import REVIEWERS, ROLES
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.permissions import can_here, can_write

from .answering import Asked, substitutes_of
from .authorship import suggesters_for
from .models import Review
from .models.substitutes import today


def can_ask(actor: Actor, version: Version) -> Allowed | Denied:
    return can_write(actor, version.prompt)


def can_withdraw(actor: Actor, review: Review) -> Allowed | Denied:
    if not review.is_open:
        return Denied("This review is closed.")
    if review.asked_by == actor.answerable or review.version.was_written_by(actor.answerable):
        return can_here(actor, "write", review.version.prompt)
    if can_here(actor, "administer", review.version.prompt):
        return Allowed()
    return Denied("Only who asked, who wrote it, or a project admin withdraws it.")


def can_comment(actor: Actor, review: Review) -> Allowed | Denied:
    return can_discuss(actor, review.version.prompt)


def can_discuss(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Say something about a version, settle what was said, and open it again."""
    if actor.key:
        return Denied("A key cannot take part in a conversation. A person has to.")
    return can_here(actor, "write", prompt)


def can_decide(actor: Actor, review: Review) -> Allowed | Denied:
    """May this person approve or request changes? Never whoever worked on the version, and never a key."""
    if actor.key or actor.user.kind != User.Kind.PERSON:
        return Denied("A key never approves. A person has to.")
    if not review.is_open:
        return Denied("This review is closed.")
    if review.version.was_written_by(actor.user):
        return Denied("You worked on this version. Ask someone else to approve it.")
    rules = review.environment.policy.rules
    if rules.suggester_counts_as_author and actor.user.pk in suggesters_for(review):
        return Denied(
            f"Words that you suggested were taken into this version, or into one that it brings along. For {review.environment} "
            "that counts as writing it, "
            "so ask someone else to approve it."
        )
    if not deciding_roles(actor.user, review):
        wanted = " or ".join(ROLE_WORDS[role] for role in rules.approvals) or "reviewer"
        return Denied(f"Your roles do not decide here. The conditions of {review.environment} ask for {wanted}.")
    return can_here(actor, "read", review.version.prompt)


def deciding_roles(user: User, review: Review) -> list[str]:
    """The roles in which `user` could decide: held in the project, not given by oneself, asked for by the policy (or any that reviews).

    Whoever is asked for the folder of the prompt decides in any role that reviews.
    """
    rules = review.environment.policy.rules
    members = Membership.objects.at(review.version.prompt.folder).given_by_others()
    held = ROLES["review"] & set(members.filter(user=user).values_list("role", flat=True))
    # Conditions of before may ask for a role that never reviews: nobody gives that approval.
    wanted = list(rules.approvals) or ["product", "technical", "domain_expert", "admin"]
    if rules.folder_reviewers and not held <= set(wanted) and user.pk in _asked_for_folder(review):
        wanted += [role for role in REVIEWERS if role not in wanted]
    return [role for role in wanted if role in held]


def _asked_for_folder(review: Review) -> dict[int, User]:
    """Who answers for the folder, or stands in for somebody who does, and did not work on the version."""
    folder = review.version.prompt.folder
    answering = who_answers(folder)
    if answering is None:
        return {}
    members = Membership.objects.at(folder).given_by_others().filter(user__is_active=True).select_related("user")
    authors = set(review.version.contributors.values_list("user_id", flat=True))
    if review.environment.policy.rules.suggester_counts_as_author:
        authors |= suggesters_for(review)
    return Asked(answering, list(members), substitutes_of(person.pk for person in answering.people), authors).able(today())
