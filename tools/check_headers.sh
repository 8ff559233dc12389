#!/usr/bin/env bash
# Every public header compiles alone, under strict flags.
set -euo pipefail
cd "$(dirname "$0")/.."
for header in include/ohm/*.h; do
  printf '#include "ohm/%s"\n#include "ohm/%s"\n' "$(basename "$header")" "$(basename "$header")" |
    "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only -x c - ||
    { echo "check_headers: $header does not compile alone" >&2; exit 1; }
done
echo "headers: $(ls include/ohm/*.h | wc -l) compile alone"
