"""How a verdict follows: obligations compiled to rules, matched, and turned into findings by policy."""
