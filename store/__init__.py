"""The only home of SQL: workspaces, uploads, editions, maps, reviews, comparisons."""
