# Chips: listed, shown with their sources, checked, set by name, and compared for one network.
. tests/cli/lib.sh
reference=$root/searchspaces/reference

ok chip list; for chip in hermes64 mesh512 aon-cim imc-cluster; do out "^$chip "; done
ok chip list --json; json; out '"schema": "ohmnas.chips/1"'
ok chip show hermes64; out 'core_1_phase_nJ +12.99'; out 'fitted'; out '\[LG\] Table I'
ok chip show imc-cluster --json; json; out '"mark": "published"'
ok chip show hermes64 --set array.cores=16; out 'cores +16 +cores +set'
run chip show hermes64 --set array.core=16; code 2; err "did you mean 'array.cores'"
run chip show hermes64 --set array.cores=0; code 2; err 'outside'
run chip show hermes64 --set array.cores; code 2; err 'not key=value'
run chip show hermes46; code 3; err "did you mean 'hermes64'"

ok chip check "$root"/searchspaces/chips/*.yaml; out '^aon-cim'
sed 's/mark: fitted/mark: guessed/; s/arrays: 34/arrays: none/' "$root/searchspaces/chips/imc-cluster.yaml" >bad.yaml
run chip check bad.yaml "$root/searchspaces/chips/mesh512.yaml"; code 2; out '^mesh512'
err "bad.yaml:[0-9]+:[0-9]+: error: .*'none'"; err 'bad.yaml:[0-9]+:[0-9]+: error: .*guessed'

# A chip of one's own, copied and changed.
sed 's/^chip: .*/chip: mine/; s/  cores: 64/  cores: 8/' "$root/searchspaces/chips/hermes64.yaml" >mine.yaml
ok chip check mine.yaml; out '^mine +multicore +8 '
ok cost "$reference/resnet32.yaml" --chip mine.yaml; out 'does_not_fit +it takes 62 cores .* has 8: 54 too many'

# Options and numbers.
ok cost "$reference/resnet32.yaml" --chip mesh512 --json; json
[ "$(field cores)" = 43 ] || wrong "43 tiles"; [ "$(field mvm_steps)" = 14785 ] || wrong "14785 steps"
run cost "$reference/resnet32.yaml" --chip mesh512 --set bits=4; code 2; err "mesh512 .*does not read 'bits'"
ok cost "$reference/resnet32.yaml" --set periphery=nmpu --set nmpu_energy.output_pJ=19; out 'chip_set +nmpu_energy.output_pJ=19'
run cost "$reference/resnet32.yaml" --set nmpu_energy.out_pJ=19; code 2; err "did you mean 'nmpu_energy.output_pJ'"
run cost "$reference/resnet32.yaml" --set energy.output_pJ=much; code 2; err 'much'
ok cost "$reference/resnet32.yaml" --rate 1000 --json; [ "$(field copies_for_rate)" = 10 ] || wrong "ten copies"
run cost "$reference/resnet32.yaml" --rate fast; code 2; err 'rate'; no_out
ok cost "$reference/mobilenetv2-cluster.yaml" --chip imc-cluster --by-layer --csv; [ "$(wc -l <out)" = 64 ] || wrong "63 rows"
ok cost "$reference/mobilenetv2-cluster.yaml" --chip imc-cluster --json; json; [ "$(field cores)" = 34 ] || wrong "34 arrays"
ok cost "$reference/mobilenetv2.yaml" --json; [ "$(field params)" = 3504872 ] || wrong "its parameters"
[ "$(field macs)" = 300774272 ] || wrong "its MACs"
ok cost "$reference/analognet-vww.yaml" --chip aon-cim --set bits=4; out 'fits +(yes|true)'

# Side by side: a chip a column for people, a row for programs.
ok cost "$reference/resnet8.yaml" --compare hermes64,hermes64:periphery=nmpu,mesh512,aon-cim,imc-cluster
out 'figure +hermes64 +hermes64:periphery=nmpu +mesh512'; out '^ *energy_uJ'
ok cost "$reference/mobilenetv2.yaml" --compare hermes64,aon-cim; out '^aon-cim: it takes [0-9]+ arrays'
ok cost "$reference/resnet8.yaml" --compare hermes64,aon-cim:bits=4 --json; json; out '"ohmnas.costs/1"'
ok cost "$reference/resnet8.yaml" --compare hermes64,aon-cim:bits=4 --csv; [ "$(wc -l <out)" = 3 ] || wrong "two rows"
run cost "$reference/resnet8.yaml" --compare hermes64,mesh512:colour=red; code 2; err colour
run cost "$reference/resnet8.yaml" --compare hermes64,mesh51; code 3; err "mesh512"
run cost "$reference/resnet8.yaml" --compare , ; code 2; err 'names 0 chips'
run cost "$reference/resnet8.yaml" --compare hermes64 --by-layer; code 2; err 'by-layer'

# Where weights lie.
ok map "$reference/resnet9-hermes.yaml"; out '40 of 256 x 256 in use'; out ' 39 '; out '^A  '
ok map "$reference/resnet9-hermes.yaml" --csv; [ "$(wc -l <out)" = 41 ] || wrong "a row a core"
ok map "$reference/analognet-vww.yaml" --chip aon-cim; out '1 of 1024 x 512 in use'; [ "$(wc -l <out)" -gt 50 ] || wrong "one large box"
ok map "$reference/mobilenetv2-cluster.yaml" --chip imc-cluster --json; json; out '"ohmnas.map/1"'
ok map "$reference/mobilenetv2-cluster.yaml" --chip imc-cluster -o map.svg; no_out
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("map.svg")' || wrong "no SVG"
ok map "$reference/mobilenetv2-cluster.yaml" --chip imc-cluster --csv
[ "$(grep -c '<title>.*copy' map.svg)" = "$(($(wc -l <out) - 1))" ] || wrong "a rectangle a tile"
run map "$reference/resnet9-hermes.yaml" -o map.svg; code 2; err 'the file exists'
run map "$reference/resnet9-hermes.yaml" --chip mesh512 --set bits=4; code 2; err "does not read 'bits'"
run map nothing; code 3
