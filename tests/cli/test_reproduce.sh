# The tables of docs/reproductions are what the program says today, a stale one is found and written anew, and the golden
# values of chips are reproduced.
. tests/cli/lib.sh

reproduce() { # in FOLDER, options ...
    local folder=$1
    shift
    said="tools/reproduce $*"
    python3 "$folder/tools/reproduce" --program "$program" "$@" >out 2>err </dev/null
    code=$?
}

program=$(realpath -e "$root/$program" 2>/dev/null || realpath -e "$program") || exit 1
reproduce "$root" --check; code 0; no_out; no_err

# A copy whose table says something else.
mkdir -p copy/docs copy/tools
cp -r "$root/searchspaces" copy/
ln -s "$root/results" copy/results
cp -r "$root/docs/reproductions" copy/docs/
cp "$root/tools/reproduce" "$root/tools/reproductions.py" copy/tools/
before=$(cat copy/docs/reproductions/analognas.md)
sed -i 's/| - | 14,785 |/| - | 14,786 |/' copy/docs/reproductions/analognas.md
reproduce copy --check; code 1; out 'analognas.md is not what'; out '14,785'
reproduce copy --check nmpu; code 0
reproduce copy analognas; code 0; out 'analognas.md: written anew'
[ "$before" = "$(cat copy/docs/reproductions/analognas.md)" ] || wrong "not as it was"
reproduce copy nothing; code 2; err 'nothing'
sed -i '/table: unit/d' copy/docs/reproductions/nmpu.md
reproduce copy --check nmpu; code 1; err 'no place for the table unit'

# Another chip gives other numbers.
sed -i 's/  step_ns: 29.4/  step_ns: 30/' copy/searchspaces/chips/mesh512.yaml
reproduce copy --check analognas; code 1; out '0\.4435'

golden=$root/../shared/golden/chips/golden.json
if [ -e "$golden" ]; then
    reproduce "$root" --golden "$golden"; code 0; out '^144 golden values: 137 reproduced, 7 checked elsewhere, 0 wrong'
    sed 's/"hermes.tiles.ptb": 26/"hermes.tiles.ptb": 27/' "$golden" >other.json
    reproduce "$root" --golden other.json; code 1; out '^hermes.tiles.ptb: 26 is not 27'
else
    echo "SKIPPED: ../shared is absent: the golden values of chips are not compared with what the program says"
fi
