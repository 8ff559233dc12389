# Networks: drawn, shown, priced, written as a file and read back as the same.
. tests/cli/lib.sh

ok sample nb201 -n 5 --key --json; json; out '"schema": "ohmnas.networks/1"'; no_err
ok sample nb201 -n 5 --key --csv; cp out first
[ "$(head -1 out)" = net,key,params,macs,genotype ] || wrong "header"
ok sample nb201 -n 5 --key --csv; same out first
ok sample nb201 -n 7 --jsonl; jsonl; [ "$(wc -l <out)" = 7 ] || wrong "seven lines"
ok sample nb201 -n 3 --key --csv --seed 2; ! cmp -s out first || wrong "another seed, other networks"
for space in nb201 analognas-resnet resnet-cifar10 resnet-kws resnet-vww; do
    ok sample $space -n 3 --csv
    genotype=$(tail -1 out | cut -d, -f4-)
    id=$(tail -1 out | cut -d, -f1)
    ok cost "$genotype" --space $space --json; json; cp out by_text
    [ "$(field net)" = "$id" ] || wrong "another id"
    for to in yaml json; do
        ok export "$genotype" --space $space --chip hermes64 --to $to -o net.$to --force; no_out
        ok cost net.$to --json; same out by_text
        ok check net.$to; out 'network, no errors'
        ok show net.$to --json; json; [ "$(field net)" = "$id" ] || wrong "another id"
    done
    ok cost net.yaml --by-layer --csv; cp out layers
    ok cost net.json --by-layer --csv; same out layers
    ok export net.json --to yaml --chip hermes64; same out net.yaml
    ok export net.yaml --to dot; out '^digraph net'
done
ok cost 432030 --space nb201; out '^energy_uJ'; out '^net +n:'
ok cost 432030 --space nb201 --json; one=$(field cores)
ok cost 432030 --space nb201 --set redundancy=3 --json; [ "$(field cores)" = $((3 * one)) ] || wrong "not three times the cores"
run cost 432030 --space nb201 --chip aon-cim --set redundancy=2; code 2; err "does not read 'redundancy'"
ok cost 432030 --space nb201 --set schedule=pipelined --set replicate=on --json; json
ok show 432030 --space nb201 --by-layer --json; json; out '"stem.conv"'
ok diff 432030 432031 --space nb201; out 'e23 +none +skip'
ok diff 432030 432031 --space nb201 --json; json
ok show hermes64; out '^chip: hermes64'
ok show nb201; out 'axes:'

# What is no network is told.
run cost 999999 --space nb201; code 3; err "has the key '999999'"
run cost 'e01=none' --space nb201; code 2
run cost 'e01=nonsense e02=none e12=none e03=none e13=none e23=none' --space nb201; code 2
run cost nothing; code 3; err 'give a file'
run cost none.yaml; code 3; err 'none.yaml'
run cost n:123456 --db none.db; code 3; err 'none.db'
run cost 432030 --space nb201 --chip hermes46; code 3; err "did you mean 'hermes64'"
run cost 432030 --space nb201 --set read_mode=2-phase; code 2
run cost 432030 --space nb201 --set colour=red; code 2
run show nothing-of-that-name; code 3; err 'no file, no study'

# A file that tells something else than its genotype is refused with the reason.
run export 432030 --space nb201 -o net.yaml; code 2; err 'net.yaml: error: the file exists'; no_out
ok export 432030 --space nb201 -o net.yaml --force
sed 's/^params: .*/params: 1/' net.yaml >other.yaml
run cost other.yaml; code 7; err 'the file tells of'
sed 's/^space_hash: .*/space_hash: "0x0000000000000001"/' net.yaml >other.yaml
run cost other.yaml; code 7; err 'another version of space'
sed 's/e23=none/e23=skip/' net.yaml >other.yaml
run cost other.yaml; code 7; err 'has the id'
sed 's/^genotype/genotpye/' net.yaml >other.yaml
run check other.yaml; code 2; err "genotpye"
head -c 700 net.yaml >other.yaml
run cost other.yaml; [ "$code" = 2 ] || [ "$code" = 7 ] || wrong "a truncated file"
# A file of layers is of no space: shown, priced, drawn and checked, but it has no axes.
reference=$root/searchspaces/reference
ok cost "$reference/resnet8.yaml" --json; json; [ "$(field net)" = resnet8 ] || wrong "its name"
[ "$(field macs)" = 12501632 ] || wrong "its MACs"; [ "$(field space)" = None ] || wrong "a space"
ok cost "$reference/resnet9-hermes.yaml" --by-layer --csv; [ "$(wc -l <out)" -gt 9 ] || wrong "a row a layer"
ok show "$reference/ds-cnn.yaml" --json; json; [ "$(field params_folded)" = 22604 ] || wrong "its parameters"
ok show "$reference/ds-cnn.yaml" --by-layer; out 'depthwise|conv'
ok export "$reference/resnet8.yaml" --to dot; out '^digraph net'
run export "$reference/resnet8.yaml" -o layers.yaml; code 2; err 'of no search space'
[ ! -e layers.yaml ] || wrong "a failed export left a file"
run diff "$reference/resnet8.yaml" "$reference/resnet20.yaml"; code 2; err "'resnet8' is written layer by layer"
run surrogate predict nb201-cifar10-pcm "$reference/resnet8.yaml"; code 2; err 'of no search space'
sed 's/kind: relu/kind: rely/' "$reference/resnet8.yaml" >layers.yaml
for verb in cost show check; do run $verb layers.yaml; code 2; err 'layers.yaml:[0-9]+:[0-9]+: error:.*relu'; done

# Everything that is shipped passes the check, and what is wrong in a task is told with its line.
cards=("$root"/surrogates/*/card.yaml)
ok check "$root"/searchspaces/*.yaml "$root"/searchspaces/{chips,reference,tasks}/*.yaml "${cards[@]%/card.yaml}" "${cards[@]}"
out 'tasks/kws.yaml: task, no errors'; out 'reference/resnet8.yaml: network, no errors'; out 'card.yaml: surrogate, no errors'
sed 's/^kind: speech/kind: speach/; s/^split/splti/' "$root/searchspaces/tasks/kws.yaml" >task.yaml
run check task.yaml; code 2; no_out; err 'task.yaml:[0-9]+:[0-9]+: error:.*speech'
printf 'task: x\n' >task.yaml; run check task.yaml; code 2; err 'task.yaml:1'
printf 'colour: red\n' >task.yaml; run check task.yaml; code 2; err 'none of their keys'
echo "networks: all well"
