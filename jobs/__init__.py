"""Use cases as plain functions, and the only home of the job engine."""
