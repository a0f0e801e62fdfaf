"""What happened in the claims department in the last weeks, step by step, through the services of the product.

The targets are connected late in the story: what was live before owes nothing, and at most twelve publications wait for the worker.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from promptstudio.accounts import actor as actors
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.permissions import can_run_tests
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.lib import clock
from promptstudio.projects import role_services
from promptstudio.projects import services as projects
from promptstudio.projects.founding import TEMPLATES
from promptstudio.projects.models import Environment, Project
from promptstudio.projects.rules import Rules
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Request, Version
from promptstudio.prompts.names import remote_name
from promptstudio.prompts.services import Change
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Review

from . import texts as t
from .people import PEOPLE

Bundle = dict[str, Any]


class Story:
    """Tells the demo up to `until`. `arm` makes the next publication of a remote name fail."""

    def __init__(self, *, until: datetime, arm: Callable[[str], None]) -> None:
        self.until, self.arm = until, arm
        self.now = until - timedelta(days=60)
        self.people: dict[str, Actor] = {}
        self.project: Project
        self.places: dict[str, Environment] = {}

    def tell(self) -> None:
        self._people_and_projects()
        self._what_was_live_before()
        self._invoices_went_wrong()
        self._glass_first_try()
        self._connect("production", "Bedrock, production", days_ago=9)
        self._water_cooler()
        self._invoices_mended()
        self._letters()
        self._fraud()
        self._nils_asks()
        self._storm_approved()
        self._burst_approved_once()
        self._hail_is_written()
        self._water_asks_for_review()
        self._burst_hotfix()
        self._hail_goes_back()
        self._connect("development", "Bedrock, development", days_ago=0.6)
        self._in_the_making()
        self._storm_refused()

    @contextmanager
    def _at(self, *, days_ago: float) -> Iterator[None]:
        """Within this block it is so many days before the end of the story; it never goes back."""
        self.now = max(self.now + timedelta(minutes=1), self.until - timedelta(days=days_ago))
        with clock.at(self.now):
            yield

    def _people_and_projects(self) -> None:
        for person in PEOPLE:
            email = f"{person.username}@nordlicht.example"
            user = User.objects.create_user(
                person.username, name=person.name, email=email, is_staff=bool(person.claims), is_superuser=person.is_admin
            )
            self.people[person.username] = Actor(user=user, via="cli")
        root = self.people["henrik"]
        with self._at(days_ago=60):
            self.project = projects.create_project(
                slug="claims", name="Home claims", description="Every text that the claims teams give to a model.", actor=root
            )
            library = projects.create_project(
                slug="library",
                name="Prompt library",
                description="Prompts brought in from elsewhere, to learn from and to build on.",
                actor=root,
            )
            self._environments(root)
            projects.add_environment(project=library, slug="development", name="Development", rules=Rules(same_baseline=False), actor=root)
            for person in PEOPLE:
                for space, roles in ((self.project, person.claims), (library, person.library)):
                    for role in roles:
                        # A role that one gives oneself counts for nothing, so the installation gives them.
                        role_services.grant_role(
                            project=space, user=self.people[person.username].user, role=role, actor=actors.system(via="cli")
                        )
            self.library = library

    def _environments(self, root: Actor) -> None:
        for lane in TEMPLATES["four_eyes"].lanes:
            self.places[lane.slug] = projects.add_environment(
                project=self.project, slug=lane.slug, name=lane.name, rules=lane.rules, grace_days=lane.grace_days, actor=root
            )

    def _what_was_live_before(self) -> None:
        with self._at(days_ago=45):
            water = t.chat(t.WATER_SYSTEM, t.WATER_USER, [t.REPORTED, t.REPORT, t.POLICY, t.DEDUCTIBLE], temperature=0.4)
            self.water = self._write("jonas", "Water damage – first assessment", "Property/Water", water, "First text from the handbook.")
            storm = t.chat(t.STORM_SYSTEM, t.STORM_USER, [t.PLACE, t.WIND, t.REPORT], model=t.HAIKU, temperature=0.0, longest=60)
            self.storm = self._write("aylin", "Storm damage triage", "Property/Storm", storm, "Sorts the reports of a storm night.")
            self.invoice = self._write(
                "jonas",
                "Invoice reader",
                "Property/Invoices",
                t.text(t.INVOICE, [t.INVOICE_TEXT], model=t.NOVA),
                "Reads invoices of tradespeople.",
            )
            letter = t.chat(t.LETTER_SYSTEM, t.LETTER_USER, [t.SALUTATION, t.CLAIM, t.OUTCOME], temperature=0.5)
            self.letter = self._write(
                "aylin", "Letter to the policyholder", "Correspondence", letter, "Letters that a neighbour would understand."
            )
            self.fraud = self._write(
                "jonas",
                "Fraud hints",
                "Shared",
                t.text(t.FRAUD, [t.CLAIM, t.REPORT, t.EARLIER], model=t.SONNET),
                "Hints for special investigations.",
            )
            self.burst = self._write(
                "aylin", "Burst pipe callback", "Property/Water", t.text(t.BURST, [t.CUSTOMER, t.REPORT]), "What to say when calling back."
            )
        for index, version in enumerate((self.water, self.storm, self.invoice, self.letter, self.fraud, self.burst)):
            with self._at(days_ago=43 - index / 2):
                self._all_the_way(
                    version, impact="Fewer questions back from handlers.", criteria="Questions in the team chat, two weeks after."
                )

    def _connect(self, place: str, name: str, *, days_ago: float) -> None:
        with self._at(days_ago=days_ago):
            target_services.add_target(environment=self.places[place], name=name, actor=self.people["henrik"])
            if place == "development":
                shelf = self.library.environments.get(slug="development")
                target_services.add_target(environment=shelf, name=name, actor=self.people["henrik"])

    def _water_cooler(self) -> None:
        before = self.water.bundle.as_json()
        cooler = {**before, "inference": {**before["inference"], "temperature": 0.2}}
        with self._at(days_ago=8):
            self.cooler = self._next("jonas", self.water, cooler, "Lower temperature: the same report gave two different ranges.")
            self._all_the_way(self.cooler, impact="The same report gives the same range.", criteria="Ten reports, asked twice each.")

    def _water_asks_for_review(self) -> None:
        """Breaking, because applications have to send the date of loss; it waits for two approvals."""
        better = {
            **self.cooler.bundle.as_json(),
            "system": t.WATER_SYSTEM.replace(
                "Estimate the damage from the report. Assume the date of loss is the date of the report.",
                "Ask for the date of loss before you estimate anything.\nNever promise cover: the handler decides.",
            ).replace("Keep the answer short.", "Keep the answer under 150 words."),
            "messages": [{"role": "user", "text": t.WATER_USER.replace("Deductible:", "Date of loss: {{date_of_loss}}. Deductible:")}],
            "variables": [t.REPORTED, t.REPORT, t.POLICY, t.LOSS, t.DEDUCTIBLE],
        }
        with self._at(days_ago=2):
            version = self._next("jonas", self.cooler, better, "Ask for the date of loss first; never promise cover.")
            impact = "Fewer callbacks because a date is missing: from 18 % to below 8 % of claims."
            self._ready("jonas", version, impact=impact, criteria="Callback rate of the Kiel team in the two weeks after.")
        with self._at(days_ago=1):
            review = self._ask("jonas", version, "Sofia read the wording against HR 2026. Please look at line 7.")
            reviews.comment(
                review=review,
                text="Is “cover” clear to the model, or should it say “that the damage is insured”?",
                actor=self.people["pavel"],
            )
            reviews.comment(
                review=review, text="I tried both on ten reports: same answers, so I kept the shorter one.", actor=self.people["jonas"]
            )
            kitchen = {variable["name"]: variable["example"] for variable in better["variables"]}
            cellar = kitchen | {"damage_report": "The hose of the washing machine came off. Two boxes of books are wet.", "deductible": 150}
            for name, values in (("Burst pipe, kitchen", kitchen), ("Washing machine, cellar", cellar)):
                prompts.save_example(prompt=version.prompt, name=name, values=values, actor=self.people["jonas"])
            self._tested(version, kitchen)

    def _tested(self, version: Version, kitchen: Bundle) -> None:
        """What an assessment has to be, run on the new version and on what is live: the worker answers once it is there.

        The reports are others than those of the named examples, which nobody asked the model about yet.
        """
        told: list[tuple[str, Bundle, list[Bundle], Bundle]] = [
            ("Burst pipe, boiler room", {"damage_report": t.BOILER}, [t.NO_PROMISE], {"must_never_fail": True, "tags": ["water"]}),
            ("Washing machine, hall", {"damage_report": t.HALL}, [t.NO_PROMISE, t.HOSE], {"tags": ["water", "household"]}),
            ("Nobody knows since when", {"damage_report": t.CEILING, "date_of_loss": "not known"}, [t.ASKS_BACK], {"tags": ["callback"]}),
        ]
        cases = [
            {"name": name, "values": kitchen | values, "assertions": [*checks, t.SHORT], **more} for name, values, checks, more in told
        ]
        suite = add_suite(prompt=version.prompt, name="Usual claims", cases=parse_cases({"cases": cases}), actor=self.people["jonas"])
        if can_run_tests(self.people["jonas"], version.prompt):
            for tested in (self.cooler, version):
                start_run(suite=suite, bundle=tested.bundle, label=tested.semver, version=tested, actor=self.people["jonas"])

    def _storm_approved(self) -> None:
        before = self.storm.bundle.as_json()
        better = {
            **before,
            "system": t.STORM_SYSTEM.replace(
                "or someone cannot stay in the home.", "a tree lies on the home, or someone cannot stay in it."
            ),
        }
        with self._at(days_ago=3):
            self.trees = self._next("aylin", self.storm, better, "Fallen trees were sorted as normal.")
            self._ready("aylin", self.trees, impact="No fallen tree waits a night.", criteria="Reports with “tree” of the next storm.")
            self._approved(self.trees, "ida", "teresa")

    def _storm_refused(self) -> None:
        """It is sent, and Bedrock refuses: one AccessDenied waits to be retried."""
        version = self.trees
        with self._at(days_ago=0.04):
            self.arm(self._remote_name(version, "production"))
            deployments.deploy(
                version=version, environment=self.places["production"], reason="Before the next storm.", actor=self.people["pavel"]
            )

    def _invoices_went_wrong(self) -> None:
        """A newer version invented sums and was rolled back."""
        before = self.invoice.bundle.as_json()
        words = t.INVOICE + "\n\nExplain every position in a sentence."
        worse = {**before, "messages": [{"role": "user", "text": words}], "inference": {**before["inference"], "max_tokens": 800}}
        with self._at(days_ago=20):
            self.worse = self._next("jonas", self.invoice, worse, "Handlers asked what a position means.")
            self._all_the_way(self.worse, impact="Handlers look fewer words up.", criteria="Questions to the trades hotline.")
        with self._at(days_ago=18):
            place, pavel = self.places["production"], self.people["pavel"]
            deployments.roll_back(prompt=self.worse.prompt, environment=place, reason="It invented a position twice.", actor=pavel)

    def _glass_first_try(self) -> None:
        with self._at(days_ago=12):
            words = t.text(t.GLASS, [t.REPORT, t.OFFER, t.DEDUCTIBLE], model=t.NOVA, temperature=0.0, longest=120)
            self.glass = self._write(
                "jonas", "Glass breakage quick settlement", "Property/Glass", words, "Settle small glass claims on the same day."
            )
            self._promote("jonas", self.glass, "development")

    def _invoices_mended(self) -> None:
        before = self.worse.bundle.as_json()
        words = t.INVOICE + "\n\nNever add a position that the invoice does not have."
        with self._at(days_ago=7):
            version = self._next("jonas", self.worse, {**before, "messages": [{"role": "user", "text": words}]}, "No invented positions.")
            self._all_the_way(version, impact="No sum that the invoice does not have.", criteria="Twenty invoices, read by hand.")

    def _letters(self) -> None:
        before = self.letter.bundle.as_json()
        calmer = {**before, "inference": {**before["inference"], "temperature": 0.3}}
        with self._at(days_ago=6.5):
            self.letter = self._next("aylin", self.letter, calmer, "Letters about the same outcome sound alike.")
            self._all_the_way(self.letter, impact="Fewer corrections by hand.", criteria="Share of letters sent unchanged.")

    def _fraud(self) -> None:
        before = self.fraud.bundle.as_json()
        fewer = {**before, "messages": [{"role": "user", "text": t.FRAUD.replace("at most 5 hints", "at most 3 hints")}]}
        with self._at(days_ago=6):
            version = self._next("jonas", self.fraud, fewer, "Three hints are read, five are not.")
            self._all_the_way(version, impact="Investigators read every hint.", criteria="Share of hints marked as read.")

    def _burst_approved_once(self) -> None:
        before = self.burst.bundle.as_json()
        calmer = {**before, "messages": [{"role": "user", "text": t.BURST + "\nSpeak calmly. Offer to call again tomorrow morning."}]}
        with self._at(days_ago=3):
            version = self._next("aylin", self.burst, calmer, "Offer a second call.")
            self._ready("aylin", version, impact="Fewer customers call the hotline again.", criteria="Second calls within two days.")
            self._approved(version, "marta")

    def _burst_hotfix(self) -> None:
        """It goes live after the approval of 1.1.0, which now speaks of a difference that is no more."""
        hotfix = {
            **self.burst.bundle.as_json(),
            "messages": [{"role": "user", "text": t.BURST.replace("within 24 hours", "within 12 hours")}],
        }
        with self._at(days_ago=0.9):
            draft = prompts.open_draft(prompt=self.burst.prompt, based_on=self.burst, actor=self.people["jonas"])
            draft = prompts.save_draft(draft=draft, content=hotfix, revision=draft.revision, actor=self.people["jonas"])
            change = Change(summary="Hotfix: the drying firm promises 12 hours since Monday.")
            urgent = prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=change, actor=self.people["jonas"])
            self._all_the_way(urgent, impact="No wrong promise on the phone.", criteria="Complaints about the drying firm this week.")

    def _nils_asks(self) -> None:
        with self._at(days_ago=5):
            self.hail = self._wish("nils", "Property/Storm", self.until + timedelta(days=4), **t.HAIL_WISH)
        with self._at(days_ago=4.5):
            asking.say(request=self.hail, text="Shall it also name the glazier, or only the roofer?", actor=self.people["aylin"])
            asking.say(request=self.hail, text="Only the roofer. Glass has its own team.", actor=self.people["nils"])

    def _hail_is_written(self) -> None:
        with self._at(days_ago=2.5):
            draft = asking.start_writing(request=self.hail, actor=self.people["aylin"])
            content = t.text(t.HAIL, [t.REPORT, t.PLACE], longest=200)
            self.hail_draft = prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=self.people["aylin"])

    def _hail_goes_back(self) -> None:
        """Nils is asked whether it is what he wanted; what Marta wants, nobody has taken yet."""
        aylin, draft = self.people["aylin"], self.hail_draft
        with self._at(days_ago=0.8):
            change = Change(summary="A first note on hail, as Nils asked for it.")
            version = prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=change, actor=aylin)
            asking.send_back(request=self.hail, version=version, words="I kept it to four lines. Is the order right?", actor=aylin)
        with self._at(days_ago=0.7):
            self._wish("marta", "Correspondence", self.until + timedelta(days=12), **t.REMINDER_WISH)

    def _wish(self, who: str, folder: str, due: datetime, *, answers: list[dict[str, Any]], **words: str) -> Request:
        place = self.project.folders.get(path=folder)
        given = [asking.Answer(**answer) for answer in answers]
        return asking.ask_for_prompt(place=place, due_on=due.date(), answers=given, actor=self.people[who], **words)

    def _in_the_making(self) -> None:
        """What stands in development today, and a draft that a colleague has open."""
        with self._at(days_ago=0.5):
            before = self.glass.bundle.as_json()
            pane = t.GLASS + "\nA broken shop window always needs a document: the landlord's consent."
            glass = self._next("jonas", self.glass, {**before, "messages": [{"role": "user", "text": pane}]}, "Shop windows need consent.")
            self._promote("jonas", glass, "development")
        warmer = {
            **self.letter.bundle.as_json(),
            "system": t.LETTER_SYSTEM + "\nBegin with what the customer can do now.",
            "messages": [
                {"role": "user", "text": t.LETTER_USER.replace("{{salutation}}\n\n", "The policyholder is {{customer_name}}.\n\n")}
            ],
            "variables": [t.CUSTOMER, t.CLAIM, t.OUTCOME],
        }
        with self._at(days_ago=0.3):
            version = self._next("aylin", self.letter, warmer, "New tone of voice; the model writes the salutation itself.")
            self._promote("aylin", version, "development")
            draft = prompts.open_draft(prompt=version.prompt, actor=self.people["aylin"])
            content = {**draft.content, "system": draft.content["system"] + "\nEnd with the name and number of the handler."}
            prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=self.people["aylin"])

    def _write(self, who: str, title: str, folder: str, content: Bundle, summary: str) -> Version:
        actor = self.people[who]
        prompt = prompts.create_prompt(project=self.project, title=title, folder=folder, actor=actor)
        return self._cut(prompt, content, summary, actor)

    def _next(self, who: str, before: Version, content: Bundle, summary: str) -> Version:
        return self._cut(before.prompt, content, summary, self.people[who])

    def _cut(self, prompt: Prompt, content: Bundle, summary: str, actor: Actor) -> Version:
        draft = prompts.open_draft(prompt=prompt, actor=actor)
        draft = prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=actor)
        return prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=Change(summary=summary), actor=actor)

    def _promote(self, who: str, version: Version, *places: str) -> None:
        for place in places:
            deployments.deploy(version=version, environment=self.places[place], actor=self.people[who])

    def _ready(self, who: str, version: Version, *, impact: str, criteria: str) -> None:
        """Into staging by way of development, with its change record complete."""
        self._promote(who, version, "development", "staging")
        prompts.add_to_change_record(version=version, expected_impact=impact, validation_criteria=criteria, actor=self.people[who])

    def _ask(self, who: str, version: Version, note: str = "") -> Review:
        return reviews.ask_for_review(version=version, environment=self.places["production"], note=note, actor=self.people[who])

    def _approved(self, version: Version, *approvers: str) -> None:
        review = self._ask(version.created_by.username, version)
        live = self._live(version.prompt)
        for who in approvers:
            deployments.decide(review=review, verdict="approve", comment="", seen=live, actor=self.people[who])

    def _all_the_way(self, version: Version, *, impact: str, criteria: str) -> None:
        self._ready(version.created_by.username, version, impact=impact, criteria=criteria)
        self._approved(version, "marta", "pavel")
        deployments.deploy(version=version, environment=self.places["production"], reason=version.summary, actor=self.people["pavel"])

    def _live(self, prompt: Prompt) -> Version | None:
        placement = prompt.placements.filter(environment=self.places["production"]).first()
        return placement.live_version if placement else None

    def _remote_name(self, version: Version, place: str) -> str:
        placement = deployments.lock_placement(version.prompt, self.places[place])
        return remote_name(version.prompt.name, placement.uid)
