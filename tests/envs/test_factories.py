"""What `package.module:factory` means, and what it says when it means nothing."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from agents.users import make_user
from envs.factories import load_factory


def test_a_factory_is_found_by_name() -> None:
    assert load_factory("collections:OrderedDict", "goals") is OrderedDict


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("no_such_module:make", "user is 'no_such_module:make', but there is no module 'no_such_module'"),
        (
            "collections:no_such_name",
            "user is 'collections:no_such_name', but collections has no 'no_such_name'",
        ),
    ],
)
def test_what_is_missing_is_named(spec: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_user(spec)
