"""The only home of SQL: workspaces, uploads, editions, maps, reviews, comparisons."""

from store.database import Store

__all__ = ["Store"]
