"""Where the nodes of a directed graph without cycles stand in a drawing from left to right.

After Sugiyama, Tagawa and Toda 1981, in three steps:

    columns    each node as far right as what it leads to allows; an edge that passes over columns
               gets a waypoint in each of them
    order      within its column a node goes to the mean place of its neighbours, some times to and
               fro, which leaves few crossings
    heights    as near to the mean of the neighbours as the order and the distances allow
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "lay_out"]

SWEEPS = 8  # to and fro, for the order
LEVELLING = 24  # the same for the heights
GAP = 30.0  # between columns
APART = 14.0  # between nodes in a column
NARROW = 6.0  # height of a waypoint

Edge = tuple[int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Places in a drawing, y downwards."""

    middles: tuple[Point, ...]
    "The middle of each node."
    ways: tuple[tuple[Point, ...], ...]
    "For each edge the points that it goes through, from node to node: at least two."
    width: float
    height: float


def lay_out(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Lay out a graph.

    Args:
        sizes: width and height of each node.
        edges: pairs of nodes, the first to the left of the second; every node but the last one
            leads somewhere.

    Raises:
        ValueError: if the graph has a cycle.
    """
    column = columns_of(len(sizes), edges)
    last = max(column)
    rows: list[list[int]] = [[] for _ in range(last + 1)]
    heights = [height for _, height in sizes]
    paths = []
    for begin, end in edges:
        path = [begin]
        for at in range(column[begin] + 1, column[end]):
            path.append(len(heights))
            rows[at].append(len(heights))
            heights.append(NARROW)
        paths.append([*path, end])
    for node, at in enumerate(column):
        rows[at].append(node)
    linked: list[list[int]] = [[] for _ in heights]
    before: list[list[int]] = [[] for _ in heights]
    for path in paths:
        for left, right in pairwise(path):
            linked[left].append(right)
            before[right].append(left)
    order(rows, linked, before)
    y = heights_of(rows, heights, linked, before)
    x, widths = middles_of(rows, [size for size, _ in sizes])
    top = min(y[node] - heights[node] / 2 for row in rows for node in row)
    bottom = max(y[node] + heights[node] / 2 for row in rows for node in row)
    places = {node: (x[at], y[node] - top) for at, row in enumerate(rows) for node in row}
    half = {node: widths[at] / 2 for at, row in enumerate(rows) for node in row}

    def way(path: list[int]) -> tuple[Point, ...]:
        """Level across each column that is passed, so as not to touch what stands in it."""
        found = [places[path[0]]]
        for node in path[1:-1]:
            middle, level = places[node]
            found += [(middle - half[node], level), (middle + half[node], level)]
        return (*found, places[path[-1]])

    return Layout(
        tuple(places[node] for node in range(len(sizes))),
        tuple(map(way, paths)),
        x[-1] + widths[-1] / 2,
        bottom - top,
    )


def columns_of(count: int, edges: Sequence[Edge]) -> list[int]:
    """The column of each node, from 0 at the left: as far right as its edges allow.

    Raises:
        ValueError: if the graph has a cycle.
    """
    waits, into = [0] * count, [[] for _ in range(count)]  # type: tuple[list[int], list[list[int]]]
    for begin, end in edges:
        waits[begin] += 1
        into[end].append(begin)
    ready = [node for node in range(count) if not waits[node]]
    far = [0] * count  # edges on the longest way to the right end
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        for other in into[node]:
            far[other] = max(far[other], far[node] + 1)
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    if done < count:
        raise ValueError("the graph has a cycle")
    return [max(far) - distance for distance in far]


def order(rows: list[list[int]], linked: list[list[int]], before: list[list[int]]) -> None:
    """Sort each column by the mean place of the neighbours, in place."""
    place = {node: float(at) for row in rows for at, node in enumerate(row)}
    for sweep in range(SWEEPS):
        towards_left = sweep % 2 == 0  # first from the result, whose place is certain
        neighbours = linked if towards_left else before
        for row in reversed(rows) if towards_left else rows:
            row.sort(key=lambda node: mean([place[one] for one in neighbours[node]], place[node]))
            place.update((node, float(at)) for at, node in enumerate(row))


def heights_of(
    rows: list[list[int]],
    heights: Sequence[float],
    linked: list[list[int]],
    before: list[list[int]],
) -> dict[int, float]:
    """The y of each node: near its neighbours, in its column's order, without overlaps."""
    y = {node: 0.0 for row in rows for node in row}
    for sweep in range(LEVELLING):
        towards_left = sweep % 2 == 0
        for row in reversed(rows) if towards_left else rows:
            wanted = [
                mean([y[one] for one in linked[node] + before[node]], y[node]) for node in row
            ]
            if not sweep:  # nothing stands anywhere yet but what is to the right
                wanted = [mean([y[one] for one in linked[node]], 0.0) for node in row]
            steps = [0.0]
            for above, below in pairwise(row):
                steps.append(steps[-1] + (heights[above] + heights[below]) / 2 + APART)
            level = ascending([w - step for w, step in zip(wanted, steps, strict=True)])
            y.update((node, at + step) for node, at, step in zip(row, level, steps, strict=True))
    return y


def middles_of(rows: list[list[int]], sizes: Sequence[float]) -> tuple[list[float], list[float]]:
    """The x of the middle of each column, and its width."""
    x, widths, at = [], [], 0.0
    for row in rows:
        widths.append(max((sizes[node] for node in row if node < len(sizes)), default=0.0))
        x.append(at + widths[-1] / 2)
        at += widths[-1] + GAP
    return x, widths


def ascending(wanted: Sequence[float]) -> list[float]:
    """The numbers nearest to the wanted ones (least squares) that never descend.

    Neighbours that would descend are pooled, and take their mean.
    """
    pools: list[tuple[float, int]] = []
    for number in wanted:
        pools.append((number, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (high, many), (low, few) = pools[-2:]
            pools[-2:] = [((high * many + low * few) / (many + few), many + few)]
    return [level for level, count in pools for _ in range(count)]


def mean(numbers: Sequence[float], otherwise: float) -> float:
    """Their mean, or something else of none."""
    return sum(numbers) / len(numbers) if numbers else otherwise
