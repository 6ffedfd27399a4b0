"""Dumps that atheris makes, led by the lines of `clippings` that they reach.

`make fuzz` runs it where atheris is installed; there is no wheel of it for every system and Python
that `clippings` runs on, so that no test needs it. Every law of `fuzz_split` is checked.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

LONGEST_SEED = 4_000
"""Bytes of a case that atheris begins with: more of them make each run slower."""


def run_atheris(options: list[str]) -> None:
    """Run atheris, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["clippings"]):
        import fuzz_split

    def check(content: bytes) -> None:
        fuzz_split.check(content, len(content))

    atheris.Setup([sys.argv[0], *options], check)
    atheris.Fuzz()


def main() -> int:
    """Run atheris in a process of its own and show the dump that it ended with, if it did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("options", nargs="*", help="of libFuzzer, behind --: for a single process")
    arguments = parser.parse_args()
    if find_spec("atheris") is None:
        print("atheris is not installed here, and is left out: pip install atheris")
        return 0
    if arguments.options:
        run_atheris(arguments.options)
    import fuzz_split

    with tempfile.TemporaryDirectory() as folder:
        seeds, found = Path(folder, "seeds"), Path(folder, "found")
        seeds.mkdir()
        found.mkdir()
        for number, case in enumerate(fuzz_split.read_cases()):
            (seeds / str(number)).write_bytes(case[:LONGEST_SEED])
        options = {
            "runs": arguments.runs,
            "seed": arguments.seed,
            "max_len": 2 * LONGEST_SEED,
            "timeout": 60,
            "rss_limit_mb": 4096,
            "artifact_prefix": f"{found}/",
        }
        told = [f"-{name}={value}" for name, value in options.items()]
        command = [sys.executable, __file__, "--", *told, str(seeds)]
        ended = subprocess.run(command, capture_output=True, text=True)
        lines = ended.stderr.splitlines()
        print("\n".join(line for line in lines if "\tDONE " in line or line.startswith("Done ")))
        for file in sorted(found.iterdir()):
            content = file.read_bytes()
            fault = fuzz_split.try_out(content, len(content))
            kept = Path(tempfile.gettempdir(), f"clippings-{file.name}")
            kept.write_bytes(content)
            print(f"{file.name.partition('-')[0]}: {fault}\n    {kept}: {content[:600]!r}")
        return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
