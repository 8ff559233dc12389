# Training and judging as a user does: the same bytes from one thread, two, and a run that was killed; wrong input.
. tests/cli/lib.sh
net=$root/searchspaces/reference/resnet8.yaml
set -- --task cifar10 --data synthetic:64 --set epochs=3 --set batch=16 --set warmup_epochs=0

ok train "$net" "$@" -j 1 -o one.st --json; json; out 'ohmnas.train/1'; out synthetic
ok train "$net" "$@" -j 2 -o two.st
same one.st two.st
[ ! -e one.st.checkpoint ] || wrong "the checkpoint is still there"

# Killed as soon as there is a checkpoint, then resumed; a run that was too fast to kill has the same bytes anyway.
"$program" train "$net" "$@" -j 1 -o killed.st >/dev/null 2>&1 &
for _ in $(seq 2000); do [ -e killed.st.checkpoint ] && break; sleep 0.005; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
ok train "$net" "$@" -j 1 -o killed.st --resume
same one.st killed.st

# A training at its end is shown, not run again; weights of another one are not overwritten.
ok train "$net" "$@" -j 1 -o first.st --csv; cp out curve.csv; cp first.st before.st
ok train "$net" "$@" -j 1 -o first.st --resume --csv; same out curve.csv; same first.st before.st
run train "$net" "$@" -j 1 -o first.st --resume --seed 2; code 2; err 'not of this training'; same first.st before.st

ok eval "$net" --task cifar10 --data synthetic:64 -w one.st --json; json; out '"samples": 16'; out top1_low
ok train "$net" "$@" -j 1 -o analog.st --from one.st --analog --distill 50 --set analog.dac_bits=6
ok eval "$net" --task cifar10 --data synthetic:64 -w analog.st --analog --repeats 3 --csv
[ "$(wc -l <out)" = 4 ] || wrong "three repeats and a header"

# A larger network as the teacher: other weights come of it, and its own network has to be told.
big=$root/searchspaces/reference/resnet20.yaml
ok train "$big" "$@" --set epochs=1 -o big.st
ok train "$net" "$@" -j 1 -o taught.st --distill 100 --teacher "$big" --teacher-weights big.st
ok train "$net" "$@" -j 2 -o again.st --distill 100 --teacher "$big" --teacher-weights big.st
same taught.st again.st; ! cmp -s one.st taught.st || wrong "the teacher taught nothing"
run train "$net" "$@" -o x.st --distill 50; code 2; err 'there is neither'
run train "$net" "$@" -o x.st --teacher "$big" --teacher-weights big.st; code 2; err 'go together'
run train "$net" "$@" -o x.st --distill 50 --teacher "$net" --teacher-weights big.st; code 7; err 'another network'
run train "$net" "$@" -o x.st --distill 50 --teacher "$root/searchspaces/reference/ds-cnn.yaml" --teacher-weights big.st
code 7; err 'another network'

run train "$net" --task cifar10 -o x.st; code 2; err '--data is missing'
run train "$net" "$@"; code 2; err '--output is missing'
run train "$net" "$@" -o one.st; code 2; err "one.st: .*--force"; ok train "$net" "$@" -o one.st --force --json; json
run train "$net" "$@" -o x.st --set lrr=1; code 2; err "lr"
run train "$root/searchspaces/reference/ds-cnn.yaml" "$@" -o x.st; code 2; err '49 x 10 x 1'
run eval "$root/searchspaces/reference/resnet20.yaml" --task cifar10 --data synthetic:64 -w one.st; code 7
err 'another network'
head -c 5000 one.st >cut.st
run eval "$net" --task cifar10 --data synthetic:64 -w cut.st; code 7; err 'cut.st'
[ ! -e x.st ] || wrong "a failed run left weights"
