"""Ratings of a few films by fifty users, as MovieLens has its files, and pairs to predict."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILMS", "write_films"]

FILMS = (
    "Toy Story (1995)", "Finding Nemo (2003)", "Alien (1979)", "Blade Runner (1982)",
    "Thing, The (1982)", "Amelie (2001)", "Up (2009)", "Babe (1995)", "Fargo (1996)",
    "Heat (1995)", "Matrix, The (1999)", "Twister (1996)", "Ghost (1990)", "Speed (1994)",
    "Titanic (1997)",
)  # fmt: skip


def write_films(folder: Path) -> None:
    """Write ratings.csv, movies.csv, and pairs.csv and other.csv with users and items alone."""
    rows = [
        f"{user},{film},{(user * 7 + film * 3 + user // 9) % 5 + 1},{10**9 + 100 * user + film}"
        for user in range(50)
        for film in range(len(FILMS))
        if (user + film) % 3
    ]
    titles = [f'{film},"{title}",Some|Genres' for film, title in enumerate(FILMS)]
    for name, header, lines in (
        ("ratings.csv", "userId,movieId,rating,timestamp", rows),
        ("movies.csv", "movieId,title,genres", titles),
        ("pairs.csv", "user,item", ["42,0", "7,3"]),
        ("other.csv", "viewer,film", ["42,0", "7,3"]),
    ):
        (folder / name).write_text("\n".join([header, *lines]) + "\n")
