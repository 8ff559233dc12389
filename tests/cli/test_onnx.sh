# Trained networks leave as ONNX files and come back with the same numbers; what was wrong is told with its place.
. tests/cli/lib.sh
net=$root/searchspaces/reference/resnet8.yaml
ok train "$net" --task cifar10 --data synthetic:64 --set epochs=1 --set batch=32 --set warmup_epochs=0 -o net.st

ok export "$net" --to onnx -w net.st -o net.onnx; no_out
grep -aq 'ohmnas.recipe' net.onnx || wrong "no recipe in the metadata"
grep -aq 'airplane,automobile' net.onnx || wrong "no names of classes in the metadata"
ok import net.onnx -o back.yaml -w back.st --json; json; out 'ohmnas.import/1'; [ "$(field classes)" = 10 ] || wrong classes
ok eval "$net" --task cifar10 --data synthetic:64 -w net.st --csv; cp out before
ok eval back.yaml --task cifar10 --data synthetic:64 -w back.st --csv; same out before
ok export back.yaml --to onnx -w back.st -o again.onnx
ok import again.onnx -o again.yaml -w again.st --name back
tail -n +3 back.yaml >a; tail -n +3 again.yaml >b; same a b
ok cost back.yaml --chip hermes64
ok check back.yaml
ok train back.yaml --task cifar10 --data synthetic:64 --set epochs=1 --set batch=32 --set warmup_epochs=0 --from back.st -o more.st

ok export "$net" --to onnx -w net.st --fold-batch-norm -o folded.onnx
ok import folded.onnx -o folded.yaml
if grep -q batch_norm folded.yaml; then wrong "a batch norm is left"; fi
ok export "$net" --to onnx -w net.st -o - ; same out net.onnx

run export "$net" --to onnx -o x.onnx; code 2; err '--weights is missing'
run export "$net" --to dot -w net.st; code 2; err '--weights is of --to onnx'
run export "$net" --to onnx -w net.st -o net.onnx; code 2; err 'the file exists'
run export "$root/searchspaces/reference/resnet20.yaml" --to onnx -w net.st -o x.onnx; code 7; err 'another network'
run import net.onnx; code 2; err '--output is missing'
run import net.onnx -o back.yaml; code 2; err 'back.yaml: error: the file exists'
run import none.onnx -o x.yaml; code 3
run import back.yaml -o x.yaml; code 7; err 'back.yaml: error: no ONNX file'
head -c 4000 net.onnx >cut.onnx
run import cut.onnx -o x.yaml -w x.st; code 7; err 'cut.onnx: error: .*byte'
sed 's/GlobalAveragePool/GlobalSquarerPool/; s/\bRelu\b/Tanh/' net.onnx >other.onnx
run import other.onnx -o x.yaml -w x.st; code 4; err "other.onnx: error: node '[^']*' \((Tanh|GlobalSquarerPool)\): no layer kind"
[ ! -e x.yaml ] && [ ! -e x.st ] && [ ! -e x.onnx ] || wrong "a failed run left a file"
