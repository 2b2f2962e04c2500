"""The pages for people, rendered here: no script, no external resource, every form with its CSRF token."""
