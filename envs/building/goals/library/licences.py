"""Under which licences the houses of the development data stand, and which of these are permissive.

Files that state a licence for each source (`source_licence`) are believed. For the others it is written here
as their README states it. A source that neither knows has no licence and passes no filter by licence.
"""

from __future__ import annotations

PERMISSIVE = ("MIT", "BSD-3-Clause", "Apache-2.0", "CC0-1.0", "NCSA", "WTFPL")
"""Licences without share-alike duty: what is derived from such houses may ship under this project's own."""

_CRAFTASSIST = "MIT"
STATED = {
    "block_goals_9x8x8": {
        "craftassist_house_carved": _CRAFTASSIST,
        "craftassist_house_cropped": _CRAFTASSIST,
        "craftassist_part": _CRAFTASSIST,
    },
    "blocks_craftassist": {"craftassist-repo": _CRAFTASSIST, "mbag-repo-sample": _CRAFTASSIST},
    "houses_luanti": {
        "mg": "LGPL-2.1-or-later",
        "townchest": "BSD-3-Clause",
        "metalrenegades": "Apache-2.0",
        "structures_io": "WTFPL",
        "lott": "CC-BY-SA-3.0",
        "voxelibre": "CC-BY-SA-4.0 or GPL-3.0-or-later",
        "mineclonia": "CC-BY-SA-4.0 or GPL-3.0-or-later",
        "xaenv": "LGPL-2.1 or CC-BY-SA-4.0",
        "hyrule": "GPL-3.0",
    },
}
"""Data set -> source -> licence, for sets whose files hold no licences."""


def stated_licence(data_set: str, source: str) -> str:
    """The licence that the README of ``data_set`` states for ``source``; empty where it states none."""
    return STATED.get(data_set, {}).get(source, "")
