"""From Minecraft's block names (version 1.13 and later, mods too) to the building world's ten.

Names tell what a block is made of: ``minecraft:dark_oak_stairs[facing=east]`` is of wood. `block_of_name`
looks for words, the more specific first, and gives the block of the material at full size, in the same way as
`minecraft.py` does for numeric ids: plants, furniture, lights, doors, liquids and redstone become air.
"""

from __future__ import annotations

from ...world import BLOCK_NAMES

_WOODS = "oak spruce birch jungle acacia mangrove cherry bamboo crimson warped pale_oak pine fir cedar maple"

RULES: tuple[tuple[str, str], ...] = (
    # What the words of later rules would get wrong.
    ("air", "item_frame portal_frame flower_pot potted end_rod lightning_rod brewing_stand redstone_wire"),
    ("glass", "sea_lantern redstone_lamp lit_redstone_lamp glowstone shroomlight froglight beacon"),
    ("dirt", "grass_block grass_path dirt_path moss_block nylium"),
    ("planks", "mushroom_block mushroom_stem bookshelf"),
    ("log", "bamboo_block stripped_bamboo_block crimson_stem warped_stem"),
    ("stone", "hardened_clay bone_block redstone_block redstone_ore iron_trapdoor concrete_powder"),
    ("wool", "snow_block wart_block honey_block honeycomb_block hay_block hay_bale dried_kelp_block"),
    # What the world cannot show.
    ("air", "air void barrier structure_block jigsaw command_block spawner portal"),
    ("air", "water lava fire campfire bubble_column torch lantern candle lamp chain"),
    ("air", "sapling leaves leaves2 flower flowers fern grass tallgrass seagrass vine vines bush deadbush"),
    ("air", "roots mushroom kelp coral lily_pad waterlily sugar_cane reeds cactus wheat carrots potatoes"),
    ("air", "plant beetroots stem azalea dripleaf moss_carpet lichen sprouts fungus tulip orchid allium"),
    ("air", "bluet daisy dandelion poppy cornflower rose peony lilac sunflower petals propagule melon"),
    ("air", "pumpkin cocoa wart cobweb web hanging_moss crop crops berries pickle"),
    ("air", "door bed chest furnace smoker anvil banner sign head skull cauldron hopper carpet plate"),
    ("air", "button lever rail ladder pot table lectern loom barrel composter grindstone stonecutter"),
    ("air", "bell scaffolding repeater comparator piston dispenser dropper observer detector tripwire"),
    ("air", "jukebox note_block noteblock conduit cake egg shulker_box bee_nest beehive"),
    # Materials.
    ("glass", "glass pane panes bars ice"),
    ("stonebrick", "brick bricks brick_block stonebrick tile tiles shingle shingles prismarine purpur"),
    ("wool", "wool snow powder_snow sponge slime tnt target thatch straw hay"),
    ("cobblestone", "cobblestone cobbled cobble mossy netherrack magma"),
    ("dirt", "dirt podzol farmland path sand gravel clay soul_sand soul_soil mycelium mud soil"),
    ("log", "log log2 wood hyphae post"),
    ("stone", "stone sandstone terracotta concrete quartz obsidian granite diorite andesite deepslate"),
    ("stone", "tuff calcite basalt blackstone dripstone ore bedrock marble limestone slate rock metal"),
    ("stone", "pillar sculk iron gold diamond emerald lapis coal copper netherite amethyst steel bronze"),
    ("planks", f"planks plank wooden timber timber_frame panel fence fence_gate trapdoor {_WOODS}"),
)
"""Our block and words that stand for it, in the order in which they are tried."""

_RULES = tuple((BLOCK_NAMES.index(block), f"_{word}_") for block, words in RULES for word in words.split())
_EXACT = {"snow": "air", "bamboo": "air", "grass": "air", "light": "air"}
"""Names that are another thing than their word: a thin layer of snow, two plants, no shade of a colour."""


def block_of_name(name: str) -> int | None:
    """Our block for a block name with or without namespace and state; None when no word of it is known.

    A word stands for itself between underscores, slashes or the ends of the name: ``sand`` is not in
    ``sandstone``.
    """
    name = name.partition("[")[0].rpartition(":")[2].strip().lower()
    if name in _EXACT:
        return BLOCK_NAMES.index(_EXACT[name])
    padded = f"_{name.replace('/', '_')}_"
    for block, word in _RULES:
        if word in padded:
            return block
    return None
