"""How a verdict follows: facts, compiled rules, matching, policy tables, findings."""
