# Wrong usage is told with what is legal and exits with 2; help, man page and completion come from the same rows.
. tests/cli/lib.sh

run; code 2; out 'usage: ohmnas COMMAND'
ok --help; out 'first steps'
ok --version; out '^ohmnas +[0-9]'
ok version --json; json; out '"schema": "ohmnas.version/1"'; no_err
run serach; code 2; no_out; err "did you mean 'search'"
run db; code 2; err 'check, upgrade, backup'
run db chek; code 2; err "did you mean 'check'"
run sample; code 2; err 'needs SPACE'
run sample a b; code 2; err "found 'b'"
run sample nb201 --cuont 3; code 2; err "did you mean '--count'"
run sample nb201 -Z; code 2; err "unknown option '-Z'"
run sample nb201 --count; code 2; err 'needs a value'
run sample nb201 --count=; code 2; err 'not a whole number'
run sample nb201 -n 0; code 2; err 'outside \[1, 10000000\]'
run sample nb201 -n 99999999999999999999; code 2; err 'not a whole number'
run sample nb201 --json=1; code 2; err 'takes no value'
run search --progress loud --space nb201; code 2; err 'not one of auto, none, line, json'
run search --set nonsense --space nb201; code 2; err 'not key=value'
run completion tcsh; code 2; err 'bash, zsh and fish'
run best --s x --db none.db; code 3
run sample nb201 --json --csv; code 2; no_out; err '--json and --csv are two forms'
run ls studies --jsonl --json; code 2; err '--json and --jsonl'
ok sample nb201 --cou 2; [ "$(grep -c ^n: out)" = 2 ] || wrong "a prefix of an option"
run sample --seed 1 -- -n; code 3; err "no space '-n'"

# The environment is weaker than a flag and stronger than the default.
ok sample nb201 -n 3 --seed 5; cp out seed5
OHMNAS_SEED=5 ok sample nb201 -n 3; same out seed5
OHMNAS_SEED=6 ok sample nb201 -n 3 --seed 5; same out seed5
OHMNAS_SEED=x run sample nb201; code 2; err 'OHMNAS_SEED'
COLUMNS=40 ok sample nb201 -n 1; out 'e23=' # a pipe is never cut

# Every command has help with its options, in the manual page and in each completion script.
ok completion --names command; cp out commands
ok help --man; tr -d '\\' <out >man
for shell in bash zsh fish; do ok completion $shell; cp out "script.$shell"; done
man=$(<man) bash=$(<script.bash) zsh=$(<script.zsh) fish=$(<script.fish)
has() { [[ ${!1} == *"$2"* ]] || wrong "$1 lacks $2 of $command"; }
while read -r command; do
    # shellcheck disable=SC2086
    ok help $command; out "usage: ohmnas $command"; cp out help
    # shellcheck disable=SC2086
    ok $command --help; same out help
    while read -r option; do
        for where in man bash zsh; do has $where "$option"; done
        has fish "-l ${option#--} "
    done < <(grep -E '^ +(-[a-zA-Z], )?--' help | grep -oE -- '--[a-z][a-z-]+' | sort -u)
done <commands
[ "$(wc -l <commands)" -ge 25 ] || wrong "too few commands"
if command -v groff >/dev/null; then
    ok help --man; cp out ohmnas.1
    groff -man -Tascii -ww ohmnas.1 >page 2>warnings || wrong "groff refuses the manual page"
    [ ! -s warnings ] || { cat warnings; wrong "groff warns of the manual page"; }
fi

# The bash script completes commands, second words, options, values and names.
PATH="$(dirname "$program"):$PATH"
bash -n script.bash || wrong "script.bash is no bash"
complete_line() { # words..., the last is the one to complete
    bash -c '. ./script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ohmnas; printf "%s\n" "${COMPREPLY[@]}"' _ "$@" >out
}
said=completion; code=0; : >err
complete_line ohmnas sea; out '^search$'
complete_line ohmnas db b; out '^backup$'
complete_line ohmnas db backup --d; out '^--db$'
complete_line ohmnas search --prog; out '^--progress$'
complete_line ohmnas search --progress js; out '^json$'
complete_line ohmnas sample nb; out '^nb201$'
complete_line ohmnas cost --chip her; out '^hermes64$'

# Topics.
for topic in metrics strategies spaces chips surrogates study expressions exit-codes; do ok help $topic; out '.'; done
ok help metrics; out 'energy_uJ'
ok help strategies; out 'regevo'
ok help spaces; out 'nb201.*15625 networks'
run help nonsense; code 2

# A reader that leaves early is no error of ours to report, a full disk is.
"$program" sample nb201 -n 100000 2>err | head -1 >out
[ ! -s err ] || wrong "a closed pipe is reported"
if [ -w /dev/full ]; then
    "$program" sample nb201 >/dev/full 2>err; code=$?
    code 1; err 'standard output'
fi

# Installed, the program finds its data beside itself; without them it says so.
mkdir -p prefix/bin prefix/share/ohmnas alone
cp "$program" prefix/bin/ohmnas && cp -r "$root/searchspaces" prefix/share/ohmnas/ && cp "$program" alone/ohmnas
unset OHMNAS_HOME
said="an installed ohmnas"
prefix/bin/ohmnas sample nb201 -n 1 >out 2>err; code=$?; code 0
prefix/bin/ohmnas completion --names space >out 2>err; code=$?; code 0; out '^nb201$'
if alone/ohmnas sample nb201 -n 1 >out 2>err; then :; else code=$?; code 3; err "no space 'nb201'"; fi # a compiled-in folder may be there
echo "usage: all well"
