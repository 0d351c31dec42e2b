"""Numbers of the generator's styles, fitted to real `train` houses of permissive licences.

Do not edit; made (see fitting.py) by
`python -m scripts.goals fit --rounds 4 --tries 220 --sample 250 --seed 0`.
What a style leaves out has the default of distribution.py. Squared misfits before and after:
craftassist 0.315 and 0.108; millenaire 0.511 and 0.112; builders 0.268 and 0.130.
"""

# fmt: off
from __future__ import annotations

from typing import Any

SHARES: dict[str, float] = {"craftassist": 0.3, "millenaire": 0.15, "builders": 0.2, "broad": 0.35}
"""How often a house has the style."""

NUMBERS: dict[str, dict[str, Any]] = {
    "craftassist": {
        "short_side": (1.4, 0.357),
        "aspect": (1.27, 0.273),
        "cropped": 0.514,
        "off_centre": 0.701,
        "lost_ground": 0.109,
        "footprints": {"rectangle": 42.3, "l": 24.7, "t": 4.25, "u": 3.07, "cross": 5.01, "octagon": 5.28,
            "round": 4.23, "courtyard": 1.17, "notched": 10},
        "wing": 0.207,
        "detached": 0.0615,
        "low_wing": 0.478,
        "odd_wing": 0.155,
        "open_wing": 0.0662,
        "turret": 0.0208,
        "foundations": {"bare": 27.2, "earth": 10.4, "sunk": 9.89, "inner": 26.4, "slab": 10.8, "rim":
            3.52, "apron": 5.14, "plinth": 3.99, "stilts": 2.65},
        "storey_heights": {"1": 1.82, "2": 6.96, "3": 23.3, "4": 47.6, "5": 20.4},
        "another_storey": 0.274,
        "jetty": 0.0459,
        "setback": 0.125,
        "terrace": 0.218,
        "mirrored": 0.261,
        "solid": 0.0165,
        "base_course": 0.194,
        "pillars": 0.464,
        "beams": 0.141,
        "patterns": {"plain": 85.1, "courses": 2.04, "columns": 2.42, "checks": 1.44, "band": 0.91,
            "frame": 2.1, "posts": 3.29, "rising": 2.66},
        "mottled": 0.0711,
        "mottle": 0.495,
        "new_walls": 0.0857,
        "open_body": 0.0204,
        "open_front": 0.0314,
        "railing": 0.311,
        "lintel": 0.443,
        "accent_side": 0.0421,
        "open_hall": 0.204,
        "stairwell": 0.278,
        "partition": 0.258,
        "inner_pillars": 0.0761,
        "stairs": 0.156,
        "furniture": 0.703,
        "floors": {"plain": 62.3, "checks": 4.27, "stripes": 4.29, "rim": 29.1},
        "against_wall": 0.797,
        "rhythms": {"none": 7.28, "centre": 18.1, "pair": 15.2, "repeat": 24.9, "ribbon": 6.34, "single":
            12, "scattered": 6.52, "glazed": 7.69, "arcade": 1.9},
        "window_widths": {"1": 71.9, "2": 19.7, "3": 8.38},
        "window_heights": {"1": 33.2, "2": 62.4, "3": 4.35},
        "window_gaps": {"1": 57.9, "2": 26.1, "3": 16},
        "dressings": {"none": 81.3, "sill": 5.12, "lintel": 5.21, "both": 2.65, "shutters": 5.7},
        "same_windows": 0.757,
        "blank_side": 0.147,
        "own_windows": 0.214,
        "high_window": 0.531,
        "glass": 0.815,
        "doors": {"none": 17.2, "gap": 31.1, "wooden": 16.2, "double": 19.4, "arch": 10.2, "gate": 5.98},
        "second_door": 0.155,
        "centred_door": 0.686,
        "door_frame": 0.277,
        "roofs": {"flat": 27.7, "gable": 15.3, "hip": 13.6, "pyramid": 3.28, "shed": 9.24, "stepped":
            3.41, "gambrel": 3.78, "saltbox": 4.87, "barrel": 4.42, "dome": 6.9, "mansard": 2.8, "spire":
            1.41, "tiers": 1.17, "none": 2.03},
        "pitches": {"normal": 72, "shallow": 21, "steep": 7.04},
        "edges": {"none": 79.2, "parapet": 6.25, "crenels": 11.3, "inset": 3.24},
        "overhang": 0.156,
        "turned_ridge": 0.178,
        "solid_roof": 0.109,
        "thin_roof": 0.64,
        "ceiling": 0.372,
        "skylight": 0.0923,
        "ridge": 0.0939,
        "eaves": 0.1,
        "roof_mixes": {"plain": 71.3, "layers": 4.74, "stripes": 9.12, "mottled": 14.8},
        "lantern": 0.0634,
        "dormers": 0.0814,
        "chimney": 0.0974,
        "porch": 0.232,
        "porch_roof": 0.757,
        "path": 0.114,
        "balcony": 0.0272,
        "fence": 0.0467,
        "poles": 0.0809,
        "beds": 0.11,
        "stack": 0.0418,
        "blemishes": 0.186,
        "worn": 0.122,
        "wear": 0.081,
        "torn": 0.0443,
        "gable_like_roof": 0.171,
        "beam_like_pillar": 0.817,
        "wall_blocks": {"dirt": 0.015, "cobblestone": 0.01, "log": 0.048, "planks": 0.357, "stone": 0.261,
            "stonebrick": 0.231, "wool": 0.078},
        "roof_blocks": {"dirt": {"dirt": 0.323, "cobblestone": 0.031, "glass": 0.014, "log": 0.028,
            "planks": 0.275, "stone": 0.149, "stonebrick": 0.142, "wool": 0.037}, "cobblestone": {"dirt":
            0.01, "cobblestone": 0.236, "glass": 0.016, "log": 0.033, "planks": 0.321, "stone": 0.173,
            "stonebrick": 0.166, "wool": 0.043}, "glass": {"dirt": 0.01, "cobblestone": 0.036, "glass":
            0.216, "log": 0.033, "planks": 0.321, "stone": 0.173, "stonebrick": 0.166, "wool": 0.043},
            "log": {"dirt": 0.007, "cobblestone": 0.024, "glass": 0.011, "log": 0.155, "planks": 0.325,
            "stone": 0.116, "stonebrick": 0.333, "wool": 0.029}, "planks": {"dirt": 0.002, "cobblestone":
            0.007, "glass": 0.003, "log": 0.073, "planks": 0.704, "stone": 0.101, "stonebrick": 0.1,
            "wool": 0.009}, "stone": {"dirt": 0.003, "cobblestone": 0.009, "glass": 0.046, "log": 0.008,
            "planks": 0.247, "stone": 0.552, "stonebrick": 0.125, "wool": 0.011}, "stonebrick": {"dirt":
            0.003, "cobblestone": 0.01, "glass": 0.004, "log": 0.009, "planks": 0.451, "stone": 0.093,
            "stonebrick": 0.418, "wool": 0.012}, "wool": {"dirt": 0.006, "cobblestone": 0.02, "glass":
            0.009, "log": 0.018, "planks": 0.175, "stone": 0.276, "stonebrick": 0.272, "wool": 0.224}},
        "floor_blocks": {"dirt": {"dirt": 0.182, "cobblestone": 0.022, "glass": 0.01, "log": 0.026,
            "planks": 0.271, "stone": 0.335, "stonebrick": 0.077, "wool": 0.077}, "cobblestone": {"dirt":
            0.037, "cobblestone": 0.201, "glass": 0.012, "log": 0.03, "planks": 0.316, "stone": 0.224,
            "stonebrick": 0.09, "wool": 0.09}, "glass": {"dirt": 0.037, "cobblestone": 0.026, "glass":
            0.187, "log": 0.03, "planks": 0.316, "stone": 0.224, "stonebrick": 0.09, "wool": 0.09}, "log":
            {"dirt": 0.028, "cobblestone": 0.019, "glass": 0.009, "log": 0.154, "planks": 0.362, "stone":
            0.293, "stonebrick": 0.067, "wool": 0.067}, "planks": {"dirt": 0.077, "cobblestone": 0.005,
            "glass": 0.002, "log": 0.006, "planks": 0.757, "stone": 0.115, "stonebrick": 0.019, "wool":
            0.019}, "stone": {"dirt": 0.106, "cobblestone": 0.007, "glass": 0.003, "log": 0.009, "planks":
            0.09, "stone": 0.495, "stonebrick": 0.073, "wool": 0.216}, "stonebrick": {"dirt": 0.011,
            "cobblestone": 0.008, "glass": 0.004, "log": 0.109, "planks": 0.195, "stone": 0.267,
            "stonebrick": 0.279, "wool": 0.127}, "wool": {"dirt": 0.022, "cobblestone": 0.016, "glass":
            0.107, "log": 0.018, "planks": 0.19, "stone": 0.334, "stonebrick": 0.154, "wool": 0.159}},
        "pillar_blocks": {"dirt": {"dirt": 0.199, "cobblestone": 0.055, "log": 0.173, "planks": 0.206,
            "stone": 0.177, "stonebrick": 0.142, "wool": 0.047}, "cobblestone": {"dirt": 0.015,
            "cobblestone": 0.114, "log": 0.202, "planks": 0.241, "stone": 0.206, "stonebrick": 0.166,
            "wool": 0.055}, "glass": {"dirt": 0.015, "cobblestone": 0.064, "glass": 0.05, "log": 0.202,
            "planks": 0.241, "stone": 0.206, "stonebrick": 0.166, "wool": 0.055}, "log": {"dirt": 0.01,
            "cobblestone": 0.265, "log": 0.279, "planks": 0.161, "stone": 0.138, "stonebrick": 0.111,
            "wool": 0.037}, "planks": {"dirt": 0.036, "cobblestone": 0.08, "log": 0.107, "planks": 0.691,
            "stone": 0.041, "stonebrick": 0.033, "wool": 0.011}, "stone": {"dirt": 0.004, "cobblestone":
            0.016, "log": 0.051, "planks": 0.06, "stone": 0.772, "stonebrick": 0.041, "wool": 0.055},
            "stonebrick": {"dirt": 0.004, "cobblestone": 0.063, "log": 0.055, "planks": 0.066, "stone":
            0.102, "stonebrick": 0.695, "wool": 0.015}, "wool": {"dirt": 0.008, "cobblestone": 0.035,
            "log": 0.11, "planks": 0.131, "stone": 0.113, "stonebrick": 0.181, "wool": 0.421}},
        "second_blocks": {"dirt": {"cobblestone": 0.101, "glass": 0.01, "log": 0.131, "planks": 0.293,
            "stone": 0.182, "stonebrick": 0.141, "wool": 0.142}, "cobblestone": {"glass": 0.011, "log":
            0.146, "planks": 0.326, "stone": 0.202, "stonebrick": 0.157, "wool": 0.158}, "glass":
            {"cobblestone": 0.102, "log": 0.133, "planks": 0.296, "stone": 0.183, "stonebrick": 0.143,
            "wool": 0.143}, "log": {"cobblestone": 0.195, "glass": 0.007, "planks": 0.458, "stone": 0.133,
            "stonebrick": 0.103, "wool": 0.104}, "planks": {"cobblestone": 0.16, "glass": 0.004, "log":
            0.418, "stone": 0.067, "stonebrick": 0.175, "wool": 0.176}, "stone": {"cobblestone": 0.03,
            "glass": 0.003, "log": 0.04, "planks": 0.44, "stonebrick": 0.193, "wool": 0.294},
            "stonebrick": {"cobblestone": 0.084, "glass": 0.003, "log": 0.041, "planks": 0.405, "stone":
            0.318, "wool": 0.149}, "wool": {"cobblestone": 0.06, "glass": 0.006, "log": 0.078, "planks":
            0.272, "stone": 0.403, "stonebrick": 0.182}},
        "masonry_blocks": {"dirt": {"dirt": 0.075, "cobblestone": 0.153, "log": 0.017, "planks": 0.195,
            "stone": 0.305, "stonebrick": 0.212, "wool": 0.042}, "cobblestone": {"cobblestone": 0.228,
            "log": 0.017, "planks": 0.195, "stone": 0.305, "stonebrick": 0.212, "wool": 0.042}, "glass":
            {"cobblestone": 0.153, "glass": 0.075, "log": 0.017, "planks": 0.195, "stone": 0.305,
            "stonebrick": 0.212, "wool": 0.042}, "log": {"cobblestone": 0.102, "log": 0.172, "planks":
            0.352, "stone": 0.204, "stonebrick": 0.142, "wool": 0.028}, "planks": {"cobblestone": 0.068,
            "log": 0.004, "planks": 0.736, "stone": 0.065, "stonebrick": 0.045, "wool": 0.081}, "stone":
            {"cobblestone": 0.044, "log": 0.005, "planks": 0.056, "stone": 0.775, "stonebrick": 0.061,
            "wool": 0.06}, "stonebrick": {"cobblestone": 0.042, "log": 0.005, "planks": 0.144, "stone":
            0.265, "stonebrick": 0.442, "wool": 0.102}, "wool": {"cobblestone": 0.102, "log": 0.122,
            "planks": 0.13, "stone": 0.426, "stonebrick": 0.142, "wool": 0.078}},
        "furniture_blocks": {"dirt": 0.043, "cobblestone": 0.01, "glass": 0.005, "log": 0.008, "planks":
            0.354, "stone": 0.202, "stonebrick": 0.126, "wool": 0.252},
        "loose_blocks": {"dirt": 0.015, "cobblestone": 0.01, "glass": 0.002, "log": 0.049, "planks":
            0.353, "stone": 0.263, "stonebrick": 0.231, "wool": 0.077},
    },
    "millenaire": {
        "short_side": (0.854, 0.308),
        "aspect": (1.51, 0.219),
        "cropped": 0.145,
        "off_centre": 0.476,
        "lost_ground": 0.135,
        "footprints": {"rectangle": 75.8, "l": 8.33, "t": 2.48, "u": 2.48, "cross": 3.56, "octagon": 2.63,
            "round": 1.58, "courtyard": 1.82, "notched": 1.28},
        "wing": 0.172,
        "detached": 0.0984,
        "low_wing": 0.709,
        "odd_wing": 0.293,
        "open_wing": 0.178,
        "turret": 0.0491,
        "foundations": {"bare": 3.07, "earth": 50, "sunk": 21.4, "inner": 4.48, "slab": 10.2, "rim": 5.19,
            "apron": 1.64, "plinth": 2.24, "stilts": 1.81},
        "storey_heights": {"1": 1.82, "2": 12.5, "3": 63.7, "4": 16.5, "5": 5.42},
        "another_storey": 0.123,
        "jetty": 0.0586,
        "setback": 0.235,
        "terrace": 0.192,
        "mirrored": 0.296,
        "solid": 0.0203,
        "base_course": 0.2,
        "pillars": 0.301,
        "beams": 0.209,
        "patterns": {"plain": 76.1, "courses": 3.17, "columns": 1.96, "checks": 1.28, "band": 4.11,
            "frame": 4.33, "posts": 3.92, "rising": 5.11},
        "mottled": 0.119,
        "mottle": 0.35,
        "new_walls": 0.207,
        "open_body": 0.0245,
        "open_front": 0.019,
        "railing": 0.43,
        "lintel": 0.378,
        "accent_side": 0.0501,
        "open_hall": 0.0735,
        "stairwell": 0.311,
        "partition": 0.378,
        "inner_pillars": 0.061,
        "stairs": 0.236,
        "furniture": 0.688,
        "floors": {"plain": 77.6, "checks": 5.75, "stripes": 6.75, "rim": 9.88},
        "against_wall": 0.64,
        "rhythms": {"none": 13.8, "centre": 17, "pair": 12.4, "repeat": 18.7, "ribbon": 6.49, "single":
            21.1, "scattered": 6.67, "glazed": 2.21, "arcade": 1.62},
        "window_widths": {"1": 63.4, "2": 23.5, "3": 13.1},
        "window_heights": {"1": 50, "2": 37.3, "3": 12.7},
        "window_gaps": {"1": 41.7, "2": 29.3, "3": 29},
        "dressings": {"none": 42.9, "sill": 18.8, "lintel": 8.85, "both": 10.6, "shutters": 18.8},
        "same_windows": 0.796,
        "blank_side": 0.354,
        "own_windows": 0.137,
        "high_window": 0.346,
        "glass": 0.0688,
        "doors": {"none": 4.83, "gap": 68.7, "wooden": 11.9, "double": 9.94, "arch": 3.25, "gate": 1.37},
        "second_door": 0.162,
        "centred_door": 0.732,
        "door_frame": 0.252,
        "roofs": {"flat": 34, "gable": 22.9, "hip": 8.42, "pyramid": 6.93, "shed": 7.27, "stepped": 1.66,
            "gambrel": 2.33, "saltbox": 4.92, "barrel": 2.56, "dome": 2.48, "mansard": 2.21, "spire":
            1.35, "tiers": 1.07, "none": 1.82},
        "pitches": {"normal": 46.1, "shallow": 49.1, "steep": 4.75},
        "edges": {"none": 44, "parapet": 19.1, "crenels": 27.8, "inset": 9.15},
        "overhang": 0.252,
        "turned_ridge": 0.298,
        "solid_roof": 0.143,
        "thin_roof": 0.417,
        "ceiling": 0.429,
        "skylight": 0.0242,
        "ridge": 0.19,
        "eaves": 0.133,
        "roof_mixes": {"plain": 77.5, "layers": 3.69, "stripes": 8.7, "mottled": 10.1},
        "lantern": 0.0299,
        "dormers": 0.12,
        "chimney": 0.136,
        "porch": 0.0948,
        "porch_roof": 0.705,
        "path": 0.0841,
        "balcony": 0.0485,
        "fence": 0.0329,
        "poles": 0.0598,
        "beds": 0.0853,
        "stack": 0.0607,
        "blemishes": 0.242,
        "worn": 0.118,
        "wear": 0.0703,
        "torn": 0.0375,
        "gable_like_roof": 0.261,
        "beam_like_pillar": 0.687,
        "wall_blocks": {"dirt": 0.009, "cobblestone": 0.174, "log": 0.011, "planks": 0.326, "stone":
            0.255, "stonebrick": 0.182, "wool": 0.043},
        "roof_blocks": {"dirt": {"dirt": 0.17, "cobblestone": 0.261, "glass": 0.007, "log": 0.02,
            "planks": 0.269, "stone": 0.109, "stonebrick": 0.101, "wool": 0.062}, "cobblestone":
            {"cobblestone": 0.522, "log": 0.038, "planks": 0.208, "stone": 0.191, "stonebrick": 0.023,
            "wool": 0.014}, "glass": {"dirt": 0.008, "cobblestone": 0.097, "glass": 0.209, "log": 0.024,
            "planks": 0.329, "stone": 0.134, "stonebrick": 0.124, "wool": 0.076}, "log": {"dirt": 0.006,
            "cobblestone": 0.081, "glass": 0.008, "log": 0.243, "planks": 0.274, "stone": 0.111,
            "stonebrick": 0.103, "wool": 0.174}, "planks": {"cobblestone": 0.011, "log": 0.003, "planks":
            0.854, "stone": 0.045, "stonebrick": 0.021, "wool": 0.065}, "stone": {"dirt": 0.024,
            "cobblestone": 0.051, "log": 0.013, "planks": 0.304, "stone": 0.382, "stonebrick": 0.169,
            "wool": 0.056}, "stonebrick": {"dirt": 0.012, "cobblestone": 0.018, "log": 0.004, "planks":
            0.408, "stone": 0.077, "stonebrick": 0.465, "wool": 0.014}, "wool": {"dirt": 0.004,
            "cobblestone": 0.049, "glass": 0.005, "log": 0.012, "planks": 0.167, "stone": 0.068,
            "stonebrick": 0.063, "wool": 0.632}},
        "floor_blocks": {"dirt": {"dirt": 0.178, "cobblestone": 0.103, "glass": 0.003, "log": 0.013,
            "planks": 0.343, "stone": 0.216, "stonebrick": 0.083, "wool": 0.062}, "cobblestone":
            {"cobblestone": 0.424, "log": 0.004, "planks": 0.281, "stone": 0.249, "stonebrick": 0.023,
            "wool": 0.017}, "glass": {"dirt": 0.003, "cobblestone": 0.103, "glass": 0.178, "log": 0.013,
            "planks": 0.343, "stone": 0.216, "stonebrick": 0.083, "wool": 0.062}, "log": {"dirt": 0.003,
            "cobblestone": 0.091, "glass": 0.003, "log": 0.166, "planks": 0.42, "stone": 0.191,
            "stonebrick": 0.073, "wool": 0.054}, "planks": {"cobblestone": 0.023, "log": 0.002, "planks":
            0.566, "stone": 0.276, "stonebrick": 0.025, "wool": 0.106}, "stone": {"cobblestone": 0.194,
            "log": 0.003, "planks": 0.287, "stone": 0.405, "stonebrick": 0.082, "wool": 0.029},
            "stonebrick": {"cobblestone": 0.036, "log": 0.005, "planks": 0.312, "stone": 0.227,
            "stonebrick": 0.38, "wool": 0.038}, "wool": {"cobblestone": 0.052, "log": 0.007, "planks":
            0.666, "stone": 0.11, "stonebrick": 0.042, "wool": 0.12}},
        "pillar_blocks": {"dirt": {"dirt": 0.045, "cobblestone": 0.288, "log": 0.182, "planks": 0.167,
            "stone": 0.179, "stonebrick": 0.118, "wool": 0.021}, "cobblestone": {"cobblestone": 0.761,
            "log": 0.042, "planks": 0.039, "stone": 0.125, "stonebrick": 0.027, "wool": 0.005}, "glass":
            {"dirt": 0.005, "cobblestone": 0.129, "glass": 0.05, "log": 0.222, "planks": 0.204, "stone":
            0.218, "stonebrick": 0.144, "wool": 0.026}, "log": {"dirt": 0.004, "cobblestone": 0.163,
            "log": 0.338, "planks": 0.17, "stone": 0.182, "stonebrick": 0.12, "wool": 0.022}, "planks":
            {"dirt": 0.029, "cobblestone": 0.069, "log": 0.141, "planks": 0.592, "stone": 0.119,
            "stonebrick": 0.047, "wool": 0.003}, "stone": {"cobblestone": 0.067, "log": 0.076, "planks":
            0.039, "stone": 0.747, "stonebrick": 0.066, "wool": 0.004}, "stonebrick": {"cobblestone":
            0.024, "log": 0.041, "planks": 0.037, "stone": 0.163, "stonebrick": 0.73, "wool": 0.005},
            "wool": {"dirt": 0.003, "cobblestone": 0.066, "log": 0.401, "planks": 0.104, "stone": 0.111,
            "stonebrick": 0.073, "wool": 0.242}},
        "second_blocks": {"dirt": {"cobblestone": 0.279, "glass": 0.008, "log": 0.105, "planks": 0.209,
            "stone": 0.259, "stonebrick": 0.096, "wool": 0.044}, "cobblestone": {"glass": 0.003, "log":
            0.051, "planks": 0.267, "stone": 0.635, "stonebrick": 0.031, "wool": 0.014}, "glass":
            {"cobblestone": 0.12, "log": 0.13, "planks": 0.258, "stone": 0.319, "stonebrick": 0.119,
            "wool": 0.054}, "log": {"cobblestone": 0.173, "glass": 0.009, "planks": 0.239, "stone": 0.295,
            "stonebrick": 0.11, "wool": 0.174}, "planks": {"cobblestone": 0.089, "log": 0.174, "stone":
            0.659, "stonebrick": 0.069, "wool": 0.007}, "stone": {"cobblestone": 0.275, "log": 0.098,
            "planks": 0.402, "stonebrick": 0.214, "wool": 0.009}, "stonebrick": {"cobblestone": 0.022,
            "log": 0.024, "planks": 0.445, "stone": 0.497, "wool": 0.01}, "wool": {"cobblestone": 0.097,
            "glass": 0.005, "log": 0.468, "planks": 0.203, "stone": 0.165, "stonebrick": 0.062}},
        "masonry_blocks": {"dirt": {"dirt": 0.061, "cobblestone": 0.43, "log": 0.025, "planks": 0.08,
            "stone": 0.202, "stonebrick": 0.196, "wool": 0.006}, "cobblestone": {"cobblestone": 0.797,
            "log": 0.006, "planks": 0.018, "stone": 0.133, "stonebrick": 0.045}, "glass": {"cobblestone":
            0.304, "glass": 0.075, "log": 0.03, "planks": 0.098, "stone": 0.247, "stonebrick": 0.239,
            "wool": 0.007}, "log": {"cobblestone": 0.309, "log": 0.199, "planks": 0.081, "stone": 0.206,
            "stonebrick": 0.199, "wool": 0.006}, "planks": {"cobblestone": 0.222, "log": 0.067, "planks":
            0.491, "stone": 0.169, "stonebrick": 0.051}, "stone": {"cobblestone": 0.292, "log": 0.05,
            "planks": 0.071, "stone": 0.502, "stonebrick": 0.084}, "stonebrick": {"cobblestone": 0.068,
            "log": 0.006, "planks": 0.018, "stone": 0.115, "stonebrick": 0.792}, "wool": {"cobblestone":
            0.188, "log": 0.236, "planks": 0.117, "stone": 0.126, "stonebrick": 0.122, "wool": 0.211}},
        "furniture_blocks": {"dirt": 0.004, "cobblestone": 0.059, "glass": 0.003, "log": 0.025, "planks":
            0.181, "stone": 0.566, "stonebrick": 0.142, "wool": 0.02},
        "loose_blocks": {"dirt": 0.009, "cobblestone": 0.174, "log": 0.012, "planks": 0.324, "stone":
            0.256, "stonebrick": 0.182, "wool": 0.042},
    },
    "builders": {
        "short_side": (0.885, 0.307),
        "aspect": (1.12, 0.295),
        "cropped": 0.193,
        "off_centre": 0.43,
        "lost_ground": 0.195,
        "footprints": {"rectangle": 61.1, "l": 5.74, "t": 2.74, "u": 3.03, "cross": 5.97, "octagon": 6.22,
            "round": 4.27, "courtyard": 4.65, "notched": 6.28},
        "wing": 0.178,
        "detached": 0.0663,
        "low_wing": 0.553,
        "odd_wing": 0.21,
        "open_wing": 0.129,
        "turret": 0.0373,
        "foundations": {"bare": 4.46, "earth": 8.24, "sunk": 18.5, "inner": 10.6, "slab": 27.5, "rim":
            11.8, "apron": 8.66, "plinth": 7.41, "stilts": 2.76},
        "storey_heights": {"1": 1.69, "2": 21, "3": 38.1, "4": 30.6, "5": 8.6},
        "another_storey": 0.261,
        "jetty": 0.0992,
        "setback": 0.366,
        "terrace": 0.169,
        "mirrored": 0.625,
        "solid": 0.0198,
        "base_course": 0.204,
        "pillars": 0.49,
        "beams": 0.217,
        "patterns": {"plain": 39.9, "courses": 4.81, "columns": 6.39, "checks": 1.66, "band": 3.1,
            "frame": 6.15, "posts": 35.6, "rising": 2.45},
        "mottled": 0.113,
        "mottle": 0.377,
        "new_walls": 0.237,
        "open_body": 0.0293,
        "open_front": 0.0425,
        "railing": 0.301,
        "lintel": 0.559,
        "accent_side": 0.0649,
        "open_hall": 0.0513,
        "stairwell": 0.266,
        "partition": 0.47,
        "inner_pillars": 0.0848,
        "stairs": 0.155,
        "furniture": 0.78,
        "floors": {"plain": 53.5, "checks": 8.51, "stripes": 13.2, "rim": 24.9},
        "against_wall": 0.796,
        "rhythms": {"none": 15.4, "centre": 17.2, "pair": 14.1, "repeat": 19.6, "ribbon": 5.7, "single":
            10.6, "scattered": 3.08, "glazed": 11.7, "arcade": 2.65},
        "window_widths": {"1": 58.6, "2": 29.1, "3": 12.3},
        "window_heights": {"1": 38.4, "2": 47.3, "3": 14.3},
        "window_gaps": {"1": 34.6, "2": 35, "3": 30.4},
        "dressings": {"none": 54, "sill": 14.7, "lintel": 12.9, "both": 6.08, "shutters": 12.4},
        "same_windows": 0.868,
        "blank_side": 0.27,
        "own_windows": 0.225,
        "high_window": 0.299,
        "glass": 0.622,
        "doors": {"none": 11.8, "gap": 45.3, "wooden": 18.7, "double": 15.9, "arch": 3.38, "gate": 4.93},
        "second_door": 0.188,
        "centred_door": 0.681,
        "door_frame": 0.284,
        "roofs": {"flat": 17.6, "gable": 49.6, "hip": 6.48, "pyramid": 4.58, "shed": 2.61, "stepped": 1.3,
            "gambrel": 2.42, "saltbox": 2.03, "barrel": 2.56, "dome": 2.45, "mansard": 2.67, "spire":
            1.74, "tiers": 0.93, "none": 2.95},
        "pitches": {"normal": 74.1, "shallow": 16.9, "steep": 8.96},
        "edges": {"none": 61.4, "parapet": 16.1, "crenels": 14.8, "inset": 7.63},
        "overhang": 0.411,
        "turned_ridge": 0.229,
        "solid_roof": 0.0744,
        "thin_roof": 0.674,
        "ceiling": 0.414,
        "skylight": 0.115,
        "ridge": 0.166,
        "eaves": 0.452,
        "roof_mixes": {"plain": 43.2, "layers": 15.2, "stripes": 16.3, "mottled": 25.3},
        "lantern": 0.0509,
        "dormers": 0.0604,
        "chimney": 0.134,
        "porch": 0.106,
        "porch_roof": 0.675,
        "path": 0.0874,
        "balcony": 0.0769,
        "fence": 0.0401,
        "poles": 0.0626,
        "beds": 0.0687,
        "stack": 0.0689,
        "blemishes": 0.325,
        "worn": 0.267,
        "wear": 0.093,
        "torn": 0.0623,
        "gable_like_roof": 0.215,
        "beam_like_pillar": 0.543,
        "wall_blocks": {"cobblestone": 0.048, "log": 0.11, "planks": 0.47, "stone": 0.235, "stonebrick":
            0.107, "wool": 0.027},
        "roof_blocks": {"dirt": {"dirt": 0.203, "cobblestone": 0.09, "glass": 0.009, "log": 0.04,
            "planks": 0.249, "stone": 0.179, "stonebrick": 0.172, "wool": 0.058}, "cobblestone":
            {"cobblestone": 0.174, "glass": 0.005, "log": 0.024, "planks": 0.15, "stone": 0.507,
            "stonebrick": 0.103, "wool": 0.035}, "glass": {"dirt": 0.003, "cobblestone": 0.09, "glass":
            0.209, "log": 0.04, "planks": 0.249, "stone": 0.179, "stonebrick": 0.172, "wool": 0.058},
            "log": {"cobblestone": 0.033, "glass": 0.003, "log": 0.211, "planks": 0.357, "stone": 0.188,
            "stonebrick": 0.186, "wool": 0.021}, "planks": {"cobblestone": 0.211, "log": 0.045, "planks":
            0.494, "stone": 0.061, "stonebrick": 0.141, "wool": 0.047}, "stone": {"cobblestone": 0.019,
            "log": 0.009, "planks": 0.161, "stone": 0.617, "stonebrick": 0.18, "wool": 0.012},
            "stonebrick": {"cobblestone": 0.035, "glass": 0.003, "log": 0.015, "planks": 0.096, "stone":
            0.069, "stonebrick": 0.759, "wool": 0.022}, "wool": {"dirt": 0.002, "cobblestone": 0.068,
            "glass": 0.007, "log": 0.03, "planks": 0.187, "stone": 0.134, "stonebrick": 0.129, "wool":
            0.443}},
        "floor_blocks": {"dirt": {"dirt": 0.192, "cobblestone": 0.044, "glass": 0.003, "log": 0.037,
            "planks": 0.383, "stone": 0.151, "stonebrick": 0.123, "wool": 0.066}, "cobblestone": {"dirt":
            0.012, "cobblestone": 0.164, "glass": 0.002, "log": 0.028, "planks": 0.288, "stone": 0.364,
            "stonebrick": 0.093, "wool": 0.049}, "glass": {"dirt": 0.017, "cobblestone": 0.044, "glass":
            0.178, "log": 0.037, "planks": 0.383, "stone": 0.151, "stonebrick": 0.123, "wool": 0.066},
            "log": {"dirt": 0.007, "cobblestone": 0.018, "log": 0.159, "planks": 0.672, "stone": 0.063,
            "stonebrick": 0.052, "wool": 0.027}, "planks": {"dirt": 0.002, "cobblestone": 0.07, "log":
            0.069, "planks": 0.572, "stone": 0.069, "stonebrick": 0.113, "wool": 0.105}, "stone": {"dirt":
            0.004, "cobblestone": 0.011, "log": 0.01, "planks": 0.404, "stone": 0.433, "stonebrick":
            0.119, "wool": 0.017}, "stonebrick": {"dirt": 0.134, "cobblestone": 0.017, "log": 0.014,
            "planks": 0.211, "stone": 0.058, "stonebrick": 0.54, "wool": 0.025}, "wool": {"dirt": 0.012,
            "cobblestone": 0.033, "glass": 0.002, "log": 0.028, "planks": 0.538, "stone": 0.114,
            "stonebrick": 0.093, "wool": 0.18}},
        "pillar_blocks": {"dirt": {"dirt": 0.05, "cobblestone": 0.065, "log": 0.301, "planks": 0.267,
            "stone": 0.17, "stonebrick": 0.117, "wool": 0.029}, "cobblestone": {"cobblestone": 0.469,
            "log": 0.181, "planks": 0.16, "stone": 0.102, "stonebrick": 0.07, "wool": 0.017}, "glass":
            {"cobblestone": 0.065, "glass": 0.05, "log": 0.301, "planks": 0.267, "stone": 0.17,
            "stonebrick": 0.117, "wool": 0.029}, "log": {"cobblestone": 0.024, "log": 0.701, "planks":
            0.159, "stone": 0.062, "stonebrick": 0.043, "wool": 0.011}, "planks": {"cobblestone": 0.068,
            "log": 0.216, "planks": 0.638, "stone": 0.02, "stonebrick": 0.054, "wool": 0.003}, "stone":
            {"cobblestone": 0.014, "log": 0.207, "planks": 0.057, "stone": 0.654, "stonebrick": 0.061,
            "wool": 0.006}, "stonebrick": {"cobblestone": 0.025, "log": 0.115, "planks": 0.102, "stone":
            0.129, "stonebrick": 0.617, "wool": 0.011}, "wool": {"cobblestone": 0.049, "log": 0.226,
            "planks": 0.201, "stone": 0.127, "stonebrick": 0.088, "wool": 0.309}},
        "second_blocks": {"dirt": {"cobblestone": 0.115, "glass": 0.01, "log": 0.188, "planks": 0.246,
            "stone": 0.189, "stonebrick": 0.185, "wool": 0.067}, "cobblestone": {"glass": 0.008, "log":
            0.154, "planks": 0.202, "stone": 0.428, "stonebrick": 0.152, "wool": 0.055}, "glass":
            {"cobblestone": 0.116, "log": 0.19, "planks": 0.249, "stone": 0.191, "stonebrick": 0.187,
            "wool": 0.068}, "log": {"cobblestone": 0.045, "glass": 0.004, "planks": 0.601, "stone": 0.206,
            "stonebrick": 0.117, "wool": 0.026}, "planks": {"cobblestone": 0.169, "log": 0.363, "stone":
            0.233, "stonebrick": 0.163, "wool": 0.07}, "stone": {"cobblestone": 0.108, "glass": 0.002,
            "log": 0.206, "planks": 0.22, "stonebrick": 0.447, "wool": 0.016}, "stonebrick":
            {"cobblestone": 0.065, "glass": 0.006, "log": 0.107, "planks": 0.582, "stone": 0.202, "wool":
            0.038}, "wool": {"cobblestone": 0.091, "glass": 0.008, "log": 0.149, "planks": 0.457, "stone":
            0.149, "stonebrick": 0.146}},
        "masonry_blocks": {"dirt": {"dirt": 0.075, "cobblestone": 0.186, "log": 0.058, "planks": 0.165,
            "stone": 0.266, "stonebrick": 0.239, "wool": 0.011}, "cobblestone": {"cobblestone": 0.357,
            "log": 0.035, "planks": 0.099, "stone": 0.36, "stonebrick": 0.143, "wool": 0.007}, "glass":
            {"cobblestone": 0.186, "glass": 0.075, "log": 0.058, "planks": 0.165, "stone": 0.266,
            "stonebrick": 0.239, "wool": 0.011}, "log": {"cobblestone": 0.191, "log": 0.273, "planks":
            0.305, "stone": 0.098, "stonebrick": 0.129, "wool": 0.004}, "planks": {"cobblestone": 0.096,
            "log": 0.147, "planks": 0.555, "stone": 0.092, "stonebrick": 0.109}, "stone": {"cobblestone":
            0.04, "log": 0.012, "planks": 0.035, "stone": 0.752, "stonebrick": 0.158, "wool": 0.002},
            "stonebrick": {"cobblestone": 0.071, "log": 0.022, "planks": 0.063, "stone": 0.102,
            "stonebrick": 0.737, "wool": 0.004}, "wool": {"cobblestone": 0.14, "log": 0.043, "planks":
            0.124, "stone": 0.2, "stonebrick": 0.179, "wool": 0.314}},
        "furniture_blocks": {"dirt": 0.052, "cobblestone": 0.038, "glass": 0.005, "log": 0.091, "planks":
            0.476, "stone": 0.16, "stonebrick": 0.075, "wool": 0.104},
        "loose_blocks": {"cobblestone": 0.048, "log": 0.112, "planks": 0.467, "stone": 0.237,
            "stonebrick": 0.107, "wool": 0.027},
    },
}
