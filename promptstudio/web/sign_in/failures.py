"""Why a sign-in did not happen: a sentence for the person, a word for the trail."""


class SignInFailed(Exception):
    """`because` is one word of ours for log and trail. `kept` says that the trail has it already."""

    status = 400

    def __init__(self, because: str, sentence: str, *, status: int | None = None, kept: bool = False) -> None:
        super().__init__(because)
        self.because, self.sentence, self.kept = because, sentence, kept
        self.status = status or self.status


class ProviderAway(SignInFailed):
    """Nobody was refused: the provider gave no usable answer."""

    status = 503

    def __init__(self, because: str = "provider_away") -> None:
        super().__init__(because, "Your company’s sign-in does not answer at the moment. Try again in a few minutes.")


class ProviderMisconfigured(SignInFailed):
    """Trying again will not help."""

    status = 503

    def __init__(self, because: str) -> None:
        super().__init__(
            because,
            "Prompt Studio and your company’s sign-in are not set up for each other. Whoever runs it finds the reason in the log.",
        )


class TokenRefused(SignInFailed):
    def __init__(self, because: str) -> None:
        super().__init__(
            because,
            "The answer of your company’s sign-in cannot be trusted, so nobody was signed in. Start again; if it happens twice, tell"
            " whoever runs Prompt Studio.",
        )
