"""The rules of the building game once more, in plain Python: what the kernels have to equal.

Written from the rules in words, for reading and not for speed. A world is one object, a cell is ``(x, y,
z)``, and every ray is walked as the rules say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from envs.building import BuildingConfig, PlayerConfig
from envs.building.world import AIR, BEDROCK, DIRT, NUM_BLOCKS, PLACEABLE

NOOP, PLACE, BREAK, GIVE = 0, 1, 2, 9
MOVES = {3: (1, 0, 0), 4: (-1, 0, 0), 5: (0, 1, 0), 6: (0, -1, 0), 7: (0, 0, 1), 8: (0, 0, -1)}
DIRECTIONS = tuple(MOVES.values())
REACH, EYE_HEIGHT = 4.5, 1.6
SLOTS, STACK, GIVE_COUNT = 36, 64, 5
USER, ASSISTANT = 0, 1

Cell = tuple[int, int, int]
Point = tuple[float, float, float]


class World:
    """One world in which two players act.

    Attributes: `blocks` and `goal`, (W, H, D) ids; `feet`, a cell per player; `slots`, a list of [block,
    count] per player; `touched`, by cell who changed it last and in which step; `last_edit`, a cell per
    player or None; `clock`, steps done; `score`, the similarity after the last step; `start` and `best`,
    that at the start and its maximum; `best_clock`, the step of the maximum.
    """

    def __init__(
        self, config: BuildingConfig, blocks: np.ndarray, goal: np.ndarray, feet: Sequence[Sequence[int]]
    ):
        self.config = config
        self.blocks = blocks.copy()
        self.goal = goal.copy()
        self.feet = [_cell(player) for player in feet]
        self.walking = config.movement == "walk"
        self.inventory = config.blocks == "inventory"
        if self.inventory:
            self.goal[-1] = self.palette()
        self.slots = [[[AIR, 0] for _ in range(SLOTS)] for _ in range(2)]
        self.touched: dict[Cell, tuple[int, int]] = {}
        self.last_edit: list[Cell | None] = [None, None]
        self.clock = 0
        self.score = self.start = self.best = self.similarity()
        self.best_clock = 0

    # --- a step ---

    def step(self, actions: Sequence[Sequence[int]]) -> tuple[list[float], list[int]]:
        """Do one joint action of (kind, cell index, block) each: parts of the reward and kinds that took
        effect."""
        own, effective = [0.0, 0.0], [NOOP, NOOP]
        order = sorted(range(2), key=lambda player: (actions[player][0] != GIVE, player))
        for player in order:
            kind, index, block = (int(part) for part in actions[player])
            if self.clock % self.abilities(player).act_every:
                kind = NOOP
            own[player], effective[player] = self.act(player, kind, self.cell(index), block)
        self.score = self.similarity()
        if self.inventory:
            self.blocks[-1] = self.palette()
        self.clock += 1
        if self.score > self.best + 1e-9:
            self.best, self.best_clock = self.score, self.clock
        return own, effective

    def act(self, player: int, kind: int, cell: Cell, block: int) -> tuple[float, int]:
        """One player's action: its part of the reward, and the kind that took effect."""
        terms = self.config.reward
        before, was = int(self.blocks[cell]), self.similarity()
        undoes = player == USER and self.touched.get(cell, (None,))[0] == ASSISTANT
        if not self.do(player, kind, cell, block):
            return terms.noop, NOOP
        reward = terms.action
        if kind in (PLACE, BREAK):
            self.touched[cell] = (player, self.clock)
            self.last_edit[player] = cell
            gain = self.similarity() - was
            if self.inventory and kind == BREAK and cell[0] == self.config.size[0] - 1:
                gain = 0.0
            reward += gain
            reward += terms.incorrect if gain < 0 else 0.0
            reward -= terms.user_effort if player == USER else 0.0
            reward -= terms.undo if undoes else 0.0
            assert before != self.blocks[cell]
        return reward, kind

    def do(self, player: int, kind: int, cell: Cell, block: int) -> bool:
        """Change the world if the action can be done."""
        able = self.abilities(player)
        if kind == PLACE:
            if not able.place or block not in PLACEABLE or not self.can_edit(player, PLACE, cell):
                return False
            if self.inventory and not self.take(player, block):
                return False
            self.blocks[cell] = block
            return True
        if kind == BREAK:
            if not able.break_ or not self.can_edit(player, BREAK, cell):
                return False
            if self.inventory and not self.put(player, int(self.blocks[cell])):
                return False
            self.blocks[cell] = AIR
            return True
        if kind in MOVES:
            there = _add(self.feet[player], MOVES[kind])
            if not self.walking or not able.move or not self.can_stand(player, there):
                return False
            self.feet[player] = there
            return True
        return kind == GIVE and self.inventory and able.give and self.give(player, cell, block)

    def can_stand(self, player: int, feet: Cell) -> bool:
        """Whether a walking player may move its feet to a cell."""
        below = _add(self.feet[1 - player], (0, -1, 0))
        return self.fits(feet) and feet not in self.body(1 - player) | {below}

    def can_edit(self, player: int, kind: int, cell: Cell) -> bool:
        """Whether a player can place into a cell of air, or break one that is neither air nor bedrock."""
        if (self.blocks[cell] != AIR) if kind == PLACE else (self.blocks[cell] in (AIR, BEDROCK)):
            return False
        return not (self.walking and cell in self.body(1 - player)) and self.can_click(player, kind, cell)

    # --- sight ---

    def can_click(self, player: int, kind: int, cell: Cell) -> bool:
        """Whether a point of the cell can be seen: from where the player is, or in teleport mode from
        anywhere."""
        if self.walking:
            return self.sees(self.feet[player], kind, cell, self.body(1 - player))
        return any(self.sees(stand, kind, cell, set()) for stand in self.stands(kind, cell))

    def sees(self, feet: Cell, kind: int, cell: Cell, bodies: set[Cell]) -> bool:
        """Whether an eye above `feet` sees a point of the cell that counts, with `bodies` in the way."""
        eye = (feet[0] + 0.5, feet[1] + EYE_HEIGHT, feet[2] + 0.5)
        return any(
            math.dist(eye, point) <= REACH and self.clear(eye, point, bodies)
            for point in self.points(kind, cell)
        )

    def points(self, kind: int, cell: Cell) -> Iterator[Point]:
        """Nine points on each face that counts: pushed in when placing, where one needs a block behind
        the face, and out when breaking."""
        for direction in DIRECTIONS:
            behind = _add(cell, direction)
            if not self.inside(behind) or (kind == PLACE and self.blocks[behind] == AIR):
                continue
            axis = next(i for i in range(3) if direction[i])
            push = 1e-4 if kind == BREAK else -1e-4
            for u in (0.1, 0.5, 0.9):
                for v in (0.1, 0.5, 0.9):
                    point = [float(part) for part in cell]
                    point[axis] += 1 + push if direction[axis] > 0 else -push
                    point[(axis + 1) % 3] += u
                    point[(axis + 2) % 3] += v
                    yield (point[0], point[1], point[2])

    def clear(self, eye: Point, point: Point, bodies: set[Cell]) -> bool:
        """Whether all cells after the eye's own on the line to a point are air without a body
        (Amanatides, Woo)."""
        at = [math.floor(part) for part in eye]
        step, t, dt = [0, 0, 0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]
        for axis in range(3):
            delta = point[axis] - eye[axis]
            if delta != 0:
                step[axis] = 1 if delta > 0 else -1
                back = -step[axis] * eye[axis]
                t[axis] = abs((back - math.floor(back)) / delta)
                dt[axis] = abs(1 / delta)
        while min(t) < 1:
            axis = t.index(min(t))
            at[axis] += step[axis]
            t[axis] += dt[axis]
            cell = (at[0], at[1], at[2])
            if cell in bodies or (self.inside(cell) and self.blocks[cell] != AIR):
                return False
        return True

    def stands(self, kind: int, cell: Cell) -> Iterator[Cell]:
        """Teleport mode: places to stand from which a click on the cell may come."""
        for dx in range(-4, 5):
            for dy in range(-5, 4):
                for dz in range(-4, 5):
                    feet = _add(cell, (dx, dy, dz))
                    within = dx == dz == 0 and dy in (-1, 0)
                    if self.fits(feet) and not (kind == PLACE and within):
                        yield feet

    # --- inventory ---

    def held(self, player: int, block: int) -> int:
        """How many of a block a player holds."""
        return sum(count for kind, count in self.slots[player] if kind == block)

    def put(self, player: int, block: int) -> bool:
        """One block more, in the first slot that is empty or has room for it."""
        for slot in self.slots[player]:
            if slot[1] == 0 or (slot[0] == block and slot[1] < STACK):
                slot[:] = [block, slot[1] + 1]
                return True
        return False

    def take(self, player: int, block: int) -> bool:
        """One block less, from the first slot that holds it."""
        for slot in self.slots[player]:
            if slot[0] == block and slot[1] > 0:
                slot[:] = [block, slot[1] - 1] if slot[1] > 1 else [AIR, 0]
                return True
        return False

    def give(self, player: int, cell: Cell, block: int) -> bool:
        """Hand five blocks, or all one has, to the other player, whose feet cell one has to name."""
        other = 1 - player
        far = max(abs(a - b) for a, b in zip(self.feet[player], self.feet[other], strict=True)) > 1
        if cell != self.feet[other] or (self.walking and far):
            return False
        count = min(GIVE_COUNT, self.held(player, block))
        room = sum(STACK - held for kind, held in self.slots[other] if kind == block or held == 0)
        if count == 0 or room < count:
            return False
        for _ in range(count):
            self.take(player, block)
            self.put(other, block)
        return True

    def palette(self) -> np.ndarray:
        """The plane x = W-1 in inventory mode: the start world and a row of the blocks one can place."""
        plane = np.zeros(self.config.size[1:], np.uint8)
        plane[0], plane[1] = BEDROCK, DIRT
        plane[2, : len(PLACEABLE)] = PLACEABLE
        return plane

    # --- legal actions ---

    def legal(self, player: int) -> list[int]:
        """Legal flat actions in ascending order."""
        able = self.abilities(player)
        if self.clock % able.act_every:
            return [0]
        cells = self.config.cells
        places = [cell for cell in np.ndindex(*self.config.size) if self.legal_place(player, cell)]
        breaks = [cell for cell in np.ndindex(*self.config.size) if self.legal_break(player, cell)]
        blocks = [b for b in PLACEABLE if not self.inventory or self.held(player, b)]
        flat = [0]
        if able.place:
            flat += [1 + block * cells + self.index(cell) for block in blocks for cell in places]
        if able.break_:
            flat += [1 + NUM_BLOCKS * cells + self.index(cell) for cell in breaks]
        first = 1 + (NUM_BLOCKS + 1) * cells
        if self.walking:
            if able.move:
                flat += [first + kind - 3 for kind in MOVES if self.legal_move(player, kind)]
            first += len(MOVES)
        if self.inventory and able.give and self.legal_give(player):
            flat += [first + block * cells + self.index(self.feet[1 - player]) for block in blocks]
        return flat

    def legal_place(self, player: int, cell: Cell) -> bool:
        around = [_add(cell, direction) for direction in DIRECTIONS]
        if self.blocks[cell] != AIR or all(not self.inside(c) or self.blocks[c] == AIR for c in around):
            return False
        if self.walking and (cell in self.body(0) | self.body(1) or not self.near(player, cell)):
            return False
        return not self.config.line_of_sight or self.can_click(player, PLACE, cell)

    def legal_break(self, player: int, cell: Cell) -> bool:
        if self.blocks[cell] in (AIR, BEDROCK) or (self.walking and not self.near(player, cell)):
            return False
        return not self.config.line_of_sight or self.can_click(player, BREAK, cell)

    def legal_move(self, player: int, kind: int) -> bool:
        there = _add(self.feet[player], MOVES[kind])
        return self.fits(there) and not {there, _add(there, (0, 1, 0))} & self.body(1 - player)

    def legal_give(self, player: int) -> bool:
        head = self.head(player)
        return not self.walking or all(
            abs(a - b) <= 1 for a, b in zip(self.feet[1 - player], head, strict=True)
        )

    def near(self, player: int, cell: Cell) -> bool:
        return math.dist(self.head(player), cell) <= REACH

    # --- score and end ---

    def similarity(self) -> float:
        """Sum over the cells: `correct` where block and goal are equal, `wrong` where they are different
        blocks."""
        equal = self.blocks == self.goal
        wrong = ~equal & (self.blocks != AIR) & (self.goal != AIR)
        terms = self.config.reward
        return terms.correct * np.count_nonzero(equal) + terms.wrong * np.count_nonzero(wrong)

    def goal_fraction(self) -> float:
        """Share of the goal done, of what was missing at the start; 0 when nothing was."""
        missing = self.config.reward.correct * self.config.cells - self.start
        return (self.score - self.start) / max(missing, 1e-12)

    def terminated(self) -> bool:
        return self.config.end_on_completion and bool(np.array_equal(self.blocks, self.goal))

    def truncated(self) -> bool:
        patience = self.config.end_without_progress
        stuck = patience > 0 and self.clock - self.best_clock >= patience
        return not self.terminated() and (self.clock >= self.config.horizon or stuck)

    # --- cells ---

    def abilities(self, player: int) -> PlayerConfig:
        return self.config.user if player == USER else self.config.assistant

    def head(self, player: int) -> Cell:
        return _add(self.feet[player], (0, 1, 0))

    def body(self, player: int) -> set[Cell]:
        return {self.feet[player], self.head(player)}

    def fits(self, feet: Cell) -> bool:
        """Whether a body has room: air for feet and head; the head may stick out of the top of the world."""
        head = _add(feet, (0, 1, 0))
        return (
            self.inside(feet)
            and self.blocks[feet] == AIR
            and (not self.inside(head) or self.blocks[head] == AIR)
        )

    def inside(self, cell: Cell) -> bool:
        return all(0 <= part < side for part, side in zip(cell, self.config.size, strict=True))

    def cell(self, index: int) -> Cell:
        return _cell(np.unravel_index(index, self.config.size))

    def index(self, cell: Cell) -> int:
        return int(np.ravel_multi_index(cell, self.config.size))


def _cell(parts: Sequence[int]) -> Cell:
    x, y, z = (int(part) for part in parts)
    return x, y, z


def _add(cell: Cell, step: Cell) -> Cell:
    return cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]
