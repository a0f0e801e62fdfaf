import pytest

from .cast import Application, Cast, hire


@pytest.fixture
def cast(db: None) -> Cast:
    return hire()


@pytest.fixture
def app(cast: Cast) -> Application:
    """An application with every scope and no environment."""
    return cast.application()
