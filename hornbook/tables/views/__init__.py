"""Pictures of what a model of a table has become, and where it errs."""

from __future__ import annotations

from hornbook.tables.views.listing import ViewSettings, views_of

__all__ = ["ViewSettings", "views_of"]
