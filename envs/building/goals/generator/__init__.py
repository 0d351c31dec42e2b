"""The procedural generator: any number of believable small houses, with no data.

`distribution` holds every probability, `fitted` those that were fitted to real houses (by `fitting`, with
the materials of `schemes`), and `source` draws from them. A house is built stage by stage (`house`):
`footprints`, `walls`, `openings`, `interior`, `roofs`, `extras`, on a `canvas` larger than the world, from
which `settle` brings it into the box. `figures` are the goals that are no houses.
"""
