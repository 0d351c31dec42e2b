"""Minecraft's structure files: what their blocks become, and that a file can neither crash nor flood us."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from envs.building.goals import LibrarySource, make_source, read_houses
from envs.building.goals.library import nbt_files
from envs.building.goals.library.block_names import RULES, block_of_name
from envs.building.goals.library.nbt_files import read_structure_file
from envs.building.world import BLOCK_NAMES

nbtlib = pytest.importorskip("nbtlib", reason="nbtlib is not installed; it is in the extra `data`")

NAMES = (
    "minecraft:air",
    "minecraft:oak_planks",
    "minecraft:stone_bricks",
    "minecraft:glass_pane[north=true]",
    "minecraft:white_wool",
)
BLOCKS = np.array([0, 6, 8, 4, 9], np.uint8)


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def sponge(states: np.ndarray, names: tuple[str, ...] = NAMES, version: int = 3, step: int = 1) -> Any:
    """A Sponge schematic of (w, h, d) indices into names; the palette's numbers are ``step`` apart."""
    width, height, depth = states.shape
    numbers = (states.transpose(1, 2, 0) * step).ravel().tolist()
    data = np.frombuffer(b"".join(map(varint, numbers)), np.int8)
    palette = nbtlib.Compound({name: nbtlib.Int(i * step) for i, name in enumerate(names)})
    content = {
        "Version": nbtlib.Int(version),
        "DataVersion": nbtlib.Int(3105),
        "Width": nbtlib.Short(width),
        "Height": nbtlib.Short(height),
        "Length": nbtlib.Short(depth),
    }
    if version == 3:
        blocks = nbtlib.Compound({"Palette": palette, "Data": nbtlib.ByteArray(data)})
        return nbtlib.File({"Schematic": nbtlib.Compound(content | {"Blocks": blocks})})
    content |= {"Palette": palette, "BlockData": nbtlib.ByteArray(data)}
    return nbtlib.File(content, root_name="Schematic")


def structure(states: np.ndarray, names: tuple[str, ...] = NAMES, variants: bool = False) -> Any:
    """A structure file of (w, h, d) indices into names; air is left out, as Minecraft may do."""
    palette = nbtlib.List[nbtlib.Compound](
        nbtlib.Compound({"Name": nbtlib.String(name.partition("[")[0])}) for name in names
    )
    blocks = [
        nbtlib.Compound({"state": nbtlib.Int(states[tuple(at)]), "pos": nbtlib.List[nbtlib.Int](at.tolist())})
        for at in np.argwhere(states)
    ]
    return nbtlib.File(
        {
            "size": nbtlib.List[nbtlib.Int](states.shape),
            "blocks": nbtlib.List[nbtlib.Compound](blocks),
            "palettes" if variants else "palette": nbtlib.List[type(palette)]([palette])
            if variants
            else palette,
        }
    )


def save(path: Path, file: Any, gzipped: bool = True) -> Path:
    file.save(path, gzipped=gzipped)
    return path


def cottage() -> np.ndarray:
    """Indices (7, 5, 6) into NAMES: a floor of bricks, walls of planks with a window, a roof of wool."""
    states = np.zeros((7, 5, 6), np.int64)
    states[:, 0] = 2
    states[:, 1:4, [0, -1]] = states[[0, -1], 1:4] = 1
    states[3, 2, 0] = 3
    states[:, 4] = 4
    return states


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("kind", ["v2", "v3", "structure", "variants"])
def test_a_cottage_is_read_from_every_format(tmp_path: Path, kind: str, gzipped: bool) -> None:
    made = {
        "v2": lambda: sponge(cottage(), version=2),
        "v3": lambda: sponge(cottage()),
        "structure": lambda: structure(cottage()),
        "variants": lambda: structure(cottage(), variants=True),
    }[kind]()
    path = save(tmp_path / f"cottage{'.schem' if kind in ('v2', 'v3') else '.nbt'}", made, gzipped)
    np.testing.assert_array_equal(read_structure_file(path), BLOCKS[cottage()])
    name, (house,) = read_houses(path)
    assert (name, house.house) == ("cottage", "cottage")


@given(
    hnp.arrays(np.int64, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(1, 4)),
    st.sampled_from([1, 60, 70, 9000, 400_000]),
    st.sampled_from([2, 3]),
)
def test_every_cell_lands_in_its_place_whatever_the_numbers(
    states: np.ndarray, step: int, version: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder) / "cells.schem", sponge(states, version=version, step=step))
        np.testing.assert_array_equal(read_structure_file(path), BLOCKS[states])


def test_earth_and_air_around_a_building_are_cropped(tmp_path: Path) -> None:
    names = (*NAMES, "minecraft:dirt", "minecraft:poppy")
    states = np.zeros((11, 9, 10), np.int64)
    states[:, :2] = 5
    states[2:9, 1:6, 2:8] = cottage()
    states[0, 2] = 6
    path = save(tmp_path / "garden.schem", sponge(states, names))
    np.testing.assert_array_equal(read_structure_file(path), BLOCKS[cottage()])


def test_a_folder_of_structure_files_is_a_source_of_goals(tmp_path: Path) -> None:
    (tmp_path / "village" / "old").mkdir(parents=True)
    save(tmp_path / "village" / "hut.schem", sponge(cottage()))
    save(tmp_path / "village" / "old" / "hut.nbt", structure(cottage()[:, :4]))
    save(tmp_path / "village" / "empty.nbt", structure(np.zeros((3, 3, 3), np.int64)))
    source = make_source(str(tmp_path / "village"))
    assert isinstance(source, LibrarySource)
    assert source.all().houses == ("village/hut", "village/old/hut")
    assert make_source(tmp_path / "village" / "hut.schem").all().houses == ("hut/hut",)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="gives no goal: it holds 1 houses"):
        make_source(tmp_path / "village" / "empty.nbt")


def test_unknown_blocks_become_air_and_are_named(tmp_path: Path) -> None:
    states = cottage()
    states[3, 2, 2], states[3, 1, 2] = 5, 5
    path = save(tmp_path / "odd.schem", sponge(states, (*NAMES, "mod:whatsit[a=1]", "mod:unused")))
    with pytest.warns(UserWarning, match=r"odd\.schem: 1 unknown block names became air: mod:whatsit \(2\)$"):
        np.testing.assert_array_equal(read_structure_file(path), BLOCKS[cottage()])


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("minecraft:dark_oak_stairs[facing=east,half=top]", "planks"),
        ("oak_door", "air"),
        ("minecraft:stripped_birch_wood", "log"),
        ("minecraft:crimson_stem", "log"),
        ("minecraft:melon_stem", "air"),
        ("minecraft:grass_block[snowy=false]", "dirt"),
        ("minecraft:tall_grass", "air"),
        ("minecraft:red_sand", "dirt"),
        ("minecraft:smooth_red_sandstone_slab", "stone"),
        ("minecraft:mossy_stone_brick_wall", "stonebrick"),
        ("minecraft:mossy_cobblestone_slab", "cobblestone"),
        ("minecraft:cobbled_deepslate", "cobblestone"),
        ("minecraft:deepslate_tiles", "stonebrick"),
        ("minecraft:snow[layers=3]", "air"),
        ("minecraft:snow_block", "wool"),
        ("minecraft:sea_lantern", "glass"),
        ("minecraft:soul_lantern", "air"),
        ("minecraft:light_gray_stained_glass_pane", "glass"),
        ("minecraft:light_gray_terracotta", "stone"),
        ("minecraft:light_blue_wool", "wool"),
        ("minecraft:white_carpet", "air"),
        ("minecraft:potted_oak_sapling", "air"),
        ("minecraft:red_mushroom_block", "planks"),
        ("minecraft:bamboo", "air"),
        ("minecraft:bamboo_planks", "planks"),
        ("minecraft:iron_bars", "glass"),
        ("minecraft:iron_block", "stone"),
        ("minecraft:waxed_oxidized_cut_copper_stairs", "stone"),
        ("minecraft:end_stone_bricks", "stonebrick"),
        ("minecraft:chiseled_bookshelf", "planks"),
        ("minecraft:cave_air", "air"),
        ("somemod:furniture/walnut_planks", "planks"),
    ],
)
def test_blocks_become_the_block_of_their_material(name: str, block: str) -> None:
    found = block_of_name(name)
    assert found is not None
    assert BLOCK_NAMES[found] == block


def test_words_of_the_rules_are_reached() -> None:
    """A word that an earlier rule catches would never be tried."""
    for block, words in RULES:
        for word in words.split():
            if word not in ("snow", "grass", "bamboo"):
                assert block_of_name(word) == BLOCK_NAMES.index(block), word
    assert block_of_name("mod:whatsit") is None
    assert block_of_name("") is None


def without(file: Any, *keys: str) -> Any:
    compound = file
    for key in keys[:-1]:
        compound = compound[key]
    del compound[keys[-1]]
    return file


BROKEN = {
    "version": (lambda: sponge(cottage(), version=4), "its version is 4"),
    "no palette": (lambda: without(sponge(cottage()), "Schematic", "Blocks", "Palette"), "lacks 'Palette'"),
    "no version": (lambda: without(sponge(cottage()), "Schematic", "Version"), "lacks 'Version'"),
    "small palette": (lambda: sponge(cottage(), NAMES[:2]), "a block of number 2, which its palette lacks"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_broken_schematics_are_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    make, message = BROKEN[case]
    path = save(tmp_path / "broken.schem", make())
    with pytest.raises(ValueError, match=rf"broken\.schem is no Sponge schematic .* {message}"):
        read_structure_file(path)


def test_sizes_are_checked_before_anything_is_made(tmp_path: Path) -> None:
    huge = sponge(cottage())
    for side in ("Width", "Height", "Length"):
        huge["Schematic"][side] = nbtlib.Short(-1)  # 65535
    path = save(tmp_path / "huge.schem", huge)
    with pytest.raises(ValueError, match="its size is 65535x65535x65535; it may have 1 to 4000000 cells"):
        read_structure_file(path)
    wide = sponge(cottage())
    wide["Schematic"]["Width"] = nbtlib.Short(8)
    with pytest.raises(ValueError, match="it has 210 blocks for 240 cells"):
        read_structure_file(save(tmp_path / "wide.schem", wide))
    wrong = structure(cottage())
    wrong["size"] = nbtlib.List[nbtlib.Int]([6, 5, 6])
    with pytest.raises(ValueError, match=r"a block outside its size \[6, 5, 6\]"):
        read_structure_file(save(tmp_path / "wrong.nbt", wrong))
    wrong["size"] = nbtlib.List[nbtlib.Int]([6, 5])
    with pytest.raises(ValueError, match=r"its size is \[6, 5\]"):
        read_structure_file(save(tmp_path / "flat.nbt", wrong))


def test_floods_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(data: bytes, message: str) -> None:
        path = tmp_path / "flood.nbt"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=rf"flood\.nbt is no Minecraft structure .*{message}"):
            read_structure_file(path)

    head = b"\x0a\x00\x00"
    refused(gzip.compress(head + b"\x07\x00\x01a" + struct.pack(">i", 2**30) + bytes(2**20)), "more than")
    refused(head + b"\x07\x00\x01a" + struct.pack(">i", 2**20), "ends too early")
    refused(head + b"\x07\x00\x01a" + struct.pack(">i", -5), "negative length")
    refused(head + b"\x09\x00\x01a\x0a" + struct.pack(">i", 2**31 - 1), "ends too early")
    refused(head + b"\x09\x00\x01a\x00" + struct.pack(">i", 2**31 - 1), "list of nothing")
    refused(head + b"\x0a\x00\x01a" * 100_000, "")
    refused(b"\x1f\x8bnothing", "")
    refused(b"", "ends too early")
    monkeypatch.setattr(nbt_files, "MAX_READS", 1000)
    refused(gzip.compress(head + b"\x09\x00\x01a\x0a" + struct.pack(">i", 10**6) + bytes(10**6)), "entries")


@pytest.mark.filterwarnings("ignore:.*unknown block names")
def test_random_damage_gives_a_house_or_an_error_that_says_why(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for suffix, file in ((".schem", sponge(cottage())), (".nbt", structure(cottage()))):
        buffer = io.BytesIO()
        file.write(buffer)
        whole = np.frombuffer(buffer.getvalue(), np.uint8)
        path = tmp_path / f"damaged{suffix}"
        reasons = []
        for _ in range(300):
            damaged = whole.copy()
            damaged[rng.integers(len(whole), size=3)] = rng.integers(256, size=3)
            end = rng.integers(1, len(whole)) if rng.random() < 0.3 else len(whole)
            path.write_bytes(damaged.tobytes()[:end])
            try:
                read_structure_file(path)
            except ValueError as error:
                reasons.append(str(error))
        assert len(reasons) > 50
        assert all(f"damaged{suffix} is no " in reason for reason in reasons)


def test_without_nbtlib_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "cottage.nbt", structure(cottage()))
    monkeypatch.setitem(sys.modules, "nbtlib", None)
    with pytest.raises(ImportError, match=r"pip install 'assistance-games\[data\]'"):
        read_structure_file(path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        make_source(tmp_path / "none.schem")
