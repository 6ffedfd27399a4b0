"""How many names are kept in memory, and how much of a name is looked at."""

MEMORY = 1 << 15
"""Names, words and pairs of words kept; past it the oldest are worked out again."""
LONGEST = 40
"""Sounds and words past which only the same will do; keeps the time linear."""
