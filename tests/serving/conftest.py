import pytest

from tests.api.cast import Cast, hire
from tests.remembering import remembered

hired = remembered(hire)


@pytest.fixture
def cast(db: None) -> Cast:
    return hired()
