"""Houses from files: reading, filtering and varying them.

`readers` reads libraries, episodes and folders, with `minecraft`, `nbt_files` and `block_names` for what
comes from Minecraft; `writing` writes libraries. `source` draws a library's houses by family, under the
`licences` asked for. `augment` makes simple variants of a house, `recombine` makes new ones of the `pieces`
of several (`splices`, `repaint`).
"""
