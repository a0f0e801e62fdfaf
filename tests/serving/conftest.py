import pytest

from tests.api.cast import Cast, hire


@pytest.fixture
def cast(db: None) -> Cast:
    return hire()
