"""The outermost ring: HTTP, dashboard pages and the command line."""
