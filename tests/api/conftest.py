import pytest

from tests.remembering import remembered

from .cast import Application, Cast, hire

hired = remembered(hire)


@pytest.fixture
def cast(db: None) -> Cast:
    return hired()


@pytest.fixture
def app(cast: Cast) -> Application:
    """An application with every scope and no environment."""
    return cast.application()
