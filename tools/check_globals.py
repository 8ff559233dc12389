#!/usr/bin/env python3
"""No writable global or static in any object of the library: state is a value that somebody holds.

Usage: check_globals.py BUILD_FOLDER. Thread-local fault injection of base/mem.c is the one exception."""
import pathlib
import re
import subprocess
import sys

ALLOWED = {"fault"}


def main():
    build = pathlib.Path(sys.argv[1])
    archives = sorted(build.glob("libohm_*.a"))
    wrong = []
    for archive in archives:
        out = subprocess.run(["objdump", "-t", str(archive)], capture_output=True, text=True, check=True).stdout
        member = ""
        for line in out.splitlines():
            if ".o:" in line:
                member = line.split(":")[0]
            found = re.search(r" O (\.t?bss|\.t?data)\S*\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
            if found and not found.group(1).startswith(".data.rel.ro") and found.group(3) not in ALLOWED:
                if "data.rel.ro" not in line:
                    wrong.append(f"{archive.name}({member}): {found.group(3)} is writable ({found.group(1)})")
    print("\n".join(wrong) if wrong else f"globals: none writable in {len(archives)} modules")
    return 1 if wrong or not archives else 0


if __name__ == "__main__":
    sys.exit(main())
