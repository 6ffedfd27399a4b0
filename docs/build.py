"""Write docs/data-dictionary.md from the tables' definitions; with --check only compare."""

import sys
from pathlib import Path

from clippings.records import describe

PAGE = Path(__file__).parent / "data-dictionary.md"


def main() -> int:
    """Write the page, or say that it is out of date."""
    text = "\n".join(describe()) + "\n"
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE}: expected what records.py says, found another text. Run `make docs`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
