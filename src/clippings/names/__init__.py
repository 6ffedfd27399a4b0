"""Whether two spellings are one name: keys, words, sounds, blocks, distance, guards.

A name is read in steps, each a module that knows only those before it:

    surface -> keys -> words (titles off) -> sounds -> costs (how near), blocks (who is compared)

The `verdict` walks them: `same_name` tells whether, `explain` tells the walk. Word lists, titles
and the costs of sounds are data: name_tokens.csv, titles.csv, sound_costs.csv.
"""

from clippings.names.blocks import skeleton
from clippings.names.keys import acronym_fits, is_acronym, lookup_key
from clippings.names.titles import strip_titles
from clippings.names.verdict import explain, judge, same_name

__all__ = [
    "acronym_fits",
    "explain",
    "is_acronym",
    "judge",
    "lookup_key",
    "same_name",
    "skeleton",
    "strip_titles",
]
