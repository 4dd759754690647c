"""Pictures of what a model that writes gets wrong, and of where it looks."""

from __future__ import annotations

from hornbook.pairs.texts.views.pictures import WriterViews, views_of

__all__ = ["WriterViews", "views_of"]
