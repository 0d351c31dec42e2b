"""Numbers of the generator's styles, fitted to real `train` houses of permissive licences.

Made by `python -m scripts.goals fit --seed 0` (see fitting.py); do not edit.
What a style leaves out has the default of distribution.py. Squared misfits before and after:
craftassist 0.259 and 0.122; millenaire 0.435 and 0.143; builders 0.266 and 0.131.
"""

# fmt: off
from __future__ import annotations

from typing import Any

SHARES: dict[str, float] = {"craftassist": 0.3, "millenaire": 0.2, "builders": 0.25, "broad": 0.25}
"""How often a house has the style."""

NUMBERS: dict[str, dict[str, Any]] = {
    "craftassist": {
        "short_side": (1.49, 0.36),
        "aspect": (1.18, 0.194),
        "cropped": 0.526,
        "off_centre": 0.501,
        "lost_ground": 0.0927,
        "footprints": {"rectangle": 53.9, "l": 9.66, "t": 5.63, "u": 2.21, "cross": 3.66, "octagon": 2.8,
            "round": 4.34, "courtyard": 3.04, "notched": 14.8},
        "wing": 0.2,
        "detached": 0.0876,
        "low_wing": 0.6,
        "odd_wing": 0.173,
        "open_wing": 0.11,
        "turret": 0.0679,
        "foundations": {"bare": 13.9, "earth": 21.1, "sunk": 14.1, "inner": 24.2, "slab": 8.07, "rim":
            5.46, "apron": 2.68, "plinth": 6, "stilts": 4.51},
        "storey_heights": {"1": 1.61, "2": 11.7, "3": 23, "4": 44.9, "5": 18.7},
        "another_storey": 0.218,
        "jetty": 0.0648,
        "setback": 0.175,
        "terrace": 0.222,
        "mirrored": 0.169,
        "solid": 0.0232,
        "base_course": 0.285,
        "pillars": 0.514,
        "beams": 0.164,
        "patterns": {"plain": 81.2, "courses": 1.97, "columns": 2.15, "checks": 1.44, "band": 3.07,
            "frame": 3.25, "posts": 4.24, "rising": 2.65},
        "mottled": 0.0473,
        "mottle": 0.528,
        "new_walls": 0.159,
        "open_body": 0.0216,
        "open_front": 0.0313,
        "railing": 0.28,
        "lintel": 0.332,
        "accent_side": 0.0316,
        "open_hall": 0.119,
        "stairwell": 0.355,
        "partition": 0.159,
        "inner_pillars": 0.0332,
        "stairs": 0.37,
        "furniture": 0.635,
        "floors": {"plain": 83.9, "checks": 3.71, "stripes": 4.21, "rim": 8.18},
        "against_wall": 0.854,
        "rhythms": {"none": 7.5, "centre": 11.6, "pair": 9.34, "repeat": 38.5, "ribbon": 5.43, "single":
            15.8, "scattered": 2.48, "glazed": 7.43, "arcade": 1.87},
        "window_widths": {"1": 37.2, "2": 41, "3": 21.8},
        "window_heights": {"1": 32, "2": 63.8, "3": 4.15},
        "window_gaps": {"1": 65.4, "2": 16.1, "3": 18.5},
        "dressings": {"none": 79.2, "sill": 7.06, "lintel": 8.27, "both": 1.9, "shutters": 3.6},
        "same_windows": 0.74,
        "blank_side": 0.273,
        "own_windows": 0.169,
        "high_window": 0.264,
        "glass": 0.874,
        "doors": {"none": 11.7, "gap": 57.9, "wooden": 8.81, "double": 8.01, "arch": 4.25, "gate": 9.28},
        "second_door": 0.116,
        "centred_door": 0.504,
        "door_frame": 0.216,
        "roofs": {"flat": 23.1, "gable": 13.7, "hip": 8.43, "pyramid": 12.4, "shed": 9.95, "stepped":
            3.66, "gambrel": 4.91, "saltbox": 4.59, "barrel": 3.17, "dome": 3.18, "mansard": 4.98,
            "spire": 3.61, "tiers": 1.4, "none": 3},
        "pitches": {"normal": 69.1, "shallow": 13.3, "steep": 17.6},
        "edges": {"none": 65.8, "parapet": 10.7, "crenels": 15.4, "inset": 8.09},
        "overhang": 0.306,
        "turned_ridge": 0.0852,
        "solid_roof": 0.113,
        "thin_roof": 0.546,
        "ceiling": 0.357,
        "skylight": 0.259,
        "ridge": 0.158,
        "eaves": 0.12,
        "roof_mixes": {"plain": 82.9, "layers": 2.93, "stripes": 9.35, "mottled": 4.82},
        "lantern": 0.0551,
        "dormers": 0.157,
        "chimney": 0.0667,
        "porch": 0.205,
        "porch_roof": 0.844,
        "path": 0.14,
        "balcony": 0.0867,
        "fence": 0.051,
        "poles": 0.0941,
        "beds": 0.074,
        "stack": 0.0702,
        "blemishes": 0.168,
        "worn": 0.354,
        "wear": 0.0688,
        "torn": 0.0364,
        "gable_like_roof": 0.221,
        "beam_like_pillar": 0.728,
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
        "short_side": (0.901, 0.312),
        "aspect": (1.28, 0.274),
        "cropped": 0.151,
        "off_centre": 0.532,
        "lost_ground": 0.197,
        "footprints": {"rectangle": 77.6, "l": 7.31, "t": 2.07, "u": 2.1, "cross": 0.96, "octagon": 4.35,
            "round": 1.57, "courtyard": 1.34, "notched": 2.73},
        "wing": 0.263,
        "detached": 0.0875,
        "low_wing": 0.549,
        "odd_wing": 0.177,
        "open_wing": 0.12,
        "turret": 0.0232,
        "foundations": {"bare": 4.1, "earth": 34.5, "sunk": 18.3, "inner": 13.1, "slab": 10.3, "rim":
            9.77, "apron": 1.89, "plinth": 3.72, "stilts": 4.32},
        "storey_heights": {"1": 0.73, "2": 10.8, "3": 62.1, "4": 20.4, "5": 5.91},
        "another_storey": 0.124,
        "jetty": 0.0626,
        "setback": 0.289,
        "terrace": 0.373,
        "mirrored": 0.388,
        "solid": 0.0276,
        "base_course": 0.213,
        "pillars": 0.183,
        "beams": 0.131,
        "patterns": {"plain": 77.4, "courses": 2.37, "columns": 2.55, "checks": 1.38, "band": 4.29,
            "frame": 5.68, "posts": 4.23, "rising": 2.11},
        "mottled": 0.174,
        "mottle": 0.289,
        "new_walls": 0.224,
        "open_body": 0.0301,
        "open_front": 0.0195,
        "railing": 0.412,
        "lintel": 0.231,
        "accent_side": 0.0371,
        "open_hall": 0.0476,
        "stairwell": 0.49,
        "partition": 0.324,
        "inner_pillars": 0.0396,
        "stairs": 0.179,
        "furniture": 0.568,
        "floors": {"plain": 79.9, "checks": 3.96, "stripes": 6.94, "rim": 9.15},
        "against_wall": 0.813,
        "rhythms": {"none": 24.9, "centre": 16.6, "pair": 10.6, "repeat": 20.8, "ribbon": 9.05, "single":
            6.22, "scattered": 5.89, "glazed": 3.51, "arcade": 2.39},
        "window_widths": {"1": 74.5, "2": 16.8, "3": 8.77},
        "window_heights": {"1": 63.1, "2": 29.4, "3": 7.46},
        "window_gaps": {"1": 59, "2": 20.5, "3": 20.6},
        "dressings": {"none": 53.7, "sill": 14.7, "lintel": 9.83, "both": 6.25, "shutters": 15.5},
        "same_windows": 0.704,
        "blank_side": 0.28,
        "own_windows": 0.146,
        "high_window": 0.331,
        "glass": 0.185,
        "doors": {"none": 4.82, "gap": 69, "wooden": 12.9, "double": 6.27, "arch": 2.43, "gate": 4.49},
        "second_door": 0.186,
        "centred_door": 0.494,
        "door_frame": 0.309,
        "roofs": {"flat": 40.4, "gable": 16.2, "hip": 12.7, "pyramid": 3.41, "shed": 6.39, "stepped": 2.2,
            "gambrel": 1.63, "saltbox": 7.55, "barrel": 2.94, "dome": 1.53, "mansard": 1.52, "spire":
            1.86, "tiers": 0.59, "none": 1.12},
        "pitches": {"normal": 47.3, "shallow": 46.2, "steep": 6.47},
        "edges": {"none": 39.2, "parapet": 16.8, "crenels": 32.5, "inset": 11.5},
        "overhang": 0.324,
        "turned_ridge": 0.178,
        "solid_roof": 0.0992,
        "thin_roof": 0.37,
        "ceiling": 0.372,
        "skylight": 0.0639,
        "ridge": 0.197,
        "eaves": 0.0926,
        "roof_mixes": {"plain": 86.3, "layers": 4.23, "stripes": 2.59, "mottled": 6.83},
        "lantern": 0.0328,
        "dormers": 0.119,
        "chimney": 0.164,
        "porch": 0.0932,
        "porch_roof": 0.728,
        "path": 0.11,
        "balcony": 0.0872,
        "fence": 0.0304,
        "poles": 0.129,
        "beds": 0.1,
        "stack": 0.0575,
        "blemishes": 0.129,
        "worn": 0.0961,
        "wear": 0.0593,
        "torn": 0.0424,
        "gable_like_roof": 0.428,
        "beam_like_pillar": 0.669,
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
        "short_side": (0.88, 0.341),
        "aspect": (1.13, 0.286),
        "cropped": 0.128,
        "off_centre": 0.502,
        "lost_ground": 0.123,
        "footprints": {"rectangle": 69.9, "l": 2.91, "t": 2.47, "u": 2.97, "cross": 4.29, "octagon": 4.48,
            "round": 2.39, "courtyard": 2.78, "notched": 7.8},
        "wing": 0.254,
        "detached": 0.101,
        "low_wing": 0.615,
        "odd_wing": 0.154,
        "open_wing": 0.158,
        "turret": 0.0693,
        "foundations": {"bare": 5.18, "earth": 12, "sunk": 20.7, "inner": 6.5, "slab": 36.6, "rim": 2.62,
            "apron": 8.06, "plinth": 6.84, "stilts": 1.47},
        "storey_heights": {"1": 1.28, "2": 23.5, "3": 44.6, "4": 24.3, "5": 6.41},
        "another_storey": 0.296,
        "jetty": 0.0501,
        "setback": 0.273,
        "terrace": 0.318,
        "mirrored": 0.557,
        "solid": 0.0231,
        "base_course": 0.174,
        "pillars": 0.544,
        "beams": 0.139,
        "patterns": {"plain": 49.6, "courses": 5.44, "columns": 5.91, "checks": 1.43, "band": 3.26,
            "frame": 5.45, "posts": 26.1, "rising": 2.78},
        "mottled": 0.104,
        "mottle": 0.36,
        "new_walls": 0.303,
        "open_body": 0.0284,
        "open_front": 0.0546,
        "railing": 0.275,
        "lintel": 0.456,
        "accent_side": 0.0329,
        "open_hall": 0.0585,
        "stairwell": 0.383,
        "partition": 0.363,
        "inner_pillars": 0.0606,
        "stairs": 0.293,
        "furniture": 0.758,
        "floors": {"plain": 60.3, "checks": 9.47, "stripes": 11.2, "rim": 19},
        "against_wall": 0.756,
        "rhythms": {"none": 10.6, "centre": 12.4, "pair": 12.1, "repeat": 15.5, "ribbon": 6, "single":
            13.8, "scattered": 11.3, "glazed": 15.6, "arcade": 2.79},
        "window_widths": {"1": 58.3, "2": 36.5, "3": 5.2},
        "window_heights": {"1": 29.8, "2": 64.5, "3": 5.65},
        "window_gaps": {"1": 76.7, "2": 16.4, "3": 6.94},
        "dressings": {"none": 76.3, "sill": 5.58, "lintel": 5.97, "both": 4.94, "shutters": 7.2},
        "same_windows": 0.819,
        "blank_side": 0.307,
        "own_windows": 0.298,
        "high_window": 0.275,
        "glass": 0.594,
        "doors": {"none": 19.2, "gap": 51.8, "wooden": 13.4, "double": 10.9, "arch": 2.02, "gate": 2.7},
        "second_door": 0.154,
        "centred_door": 0.473,
        "door_frame": 0.161,
        "roofs": {"flat": 24.4, "gable": 31.7, "hip": 6.28, "pyramid": 7.5, "shed": 3.88, "stepped": 1.81,
            "gambrel": 5.42, "saltbox": 3.94, "barrel": 3.51, "dome": 1.77, "mansard": 2.91, "spire": 1.9,
            "tiers": 1.35, "none": 3.61},
        "pitches": {"normal": 79.2, "shallow": 13.7, "steep": 7.11},
        "edges": {"none": 63.2, "parapet": 16.9, "crenels": 14.5, "inset": 5.35},
        "overhang": 0.392,
        "turned_ridge": 0.189,
        "solid_roof": 0.0859,
        "thin_roof": 0.734,
        "ceiling": 0.434,
        "skylight": 0.0888,
        "ridge": 0.165,
        "eaves": 0.34,
        "roof_mixes": {"plain": 52.6, "layers": 11.7, "stripes": 23.5, "mottled": 12.2},
        "lantern": 0.0517,
        "dormers": 0.175,
        "chimney": 0.12,
        "porch": 0.0941,
        "porch_roof": 0.79,
        "path": 0.0856,
        "balcony": 0.0495,
        "fence": 0.0442,
        "poles": 0.0562,
        "beds": 0.0571,
        "stack": 0.105,
        "blemishes": 0.206,
        "worn": 0.214,
        "wear": 0.0916,
        "torn": 0.0561,
        "gable_like_roof": 0.15,
        "beam_like_pillar": 0.675,
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
