# Memory devices: listed, shown, checked, sampled; the same numbers for any number of threads and any company of rows.
. tests/cli/lib.sh

ok device list --json; json; out '"device": "pcm-hermes2"'
ok device show pcm; out '^device: pcm$'; out 'sigma_uS: \[0.26348'
ok device show pcm --json; json
ok check "$root"/searchspaces/devices/*.yaml; out 'pcm.yaml: device, no errors'
sed 's/t0_s: 20/t0_s: 0/; s/nu_sd/nu_std/' "$root/searchspaces/devices/pcm.yaml" >bad.yaml
run check bad.yaml; code 2; err 'bad.yaml:[0-9]+:[0-9]+: error: t0_s is 0'; err "did you mean 'nu_sd'"
run device sample --device ./bad.yaml; code 2; no_out

# The row of the golden table that is named in docs: 5 uS after a day.
ok device sample --device pcm --g 5 --t 1d -n 20000 --csv
out '^5,program,,uS,20000,'; out '^5,nu,,1,'; out '^5,drift,86400,uS,'; out '^5,read,86400,uS,20000,3\.3[0-9]+,0\.7[0-9]+,3\.331[0-9]+,0\.712[0-9]+$'
grep '^5,read,86400' out >alone
ok device sample --device pcm --g 1,5 --t 1h,1d -n 20000 --csv -j 1; grep '^5,read,86400' out >among; same alone among
cp out one; ok device sample --device pcm --g 1,5 --t 1h,1d -n 20000 --csv -j 3; same out one
ok device sample --device pcm --g 5 --t 1d -n 20000 --csv --seed 2; cmp -s out alone && wrong "the seed changes nothing"
ok device sample --device pcm --g 5 --t 1d -n 1000 --set program=0 --set drift=0 --set read=0 --csv
out '^5,read,86400,uS,1000,5,0,5,0$'
ok device sample --device reram-wan --g 20 -n 1000 --jsonl; jsonl; [ "$(wc -l <out)" = 4 ] || wrong "one programming, three reads"
ok device sample --w -1,0,1 --t 0,1d -n 1000 --json; json; [ "$(field path)" = tile ] || wrong "no tile path"
ok device sample --device ideal --w=-1,0.25,1 --t 1y -n 1000 --csv; out '^0.25,read,31536000,1,[0-9]+,0.25,0,,$'

run device sample --g 30; code 2; err "'30' is no conductance in uS in \[0, 25\]"
run device sample --g 1 --w 1; code 2; err 'give one of them'
run device sample --t 5x; code 2; err 'no time'
run device sample --g ,; code 2
run device sample --device reram-wan --t 1h; code 2; err 'measured at 1, 86400, 172800 s'
run device sample --device pmc; code 3; err 'no device'
ok device sample --g 5 --t 0 -n 5000 --set program=0 --set read=0 --set stuck_set=0.2 --csv
out '^5,program,,uS,5000,(8\.[89]|9\.[01])'
sed 's/^range:/faults: { source: made up, mark: default, stuck_set: 0.2 }\nrange:/' "$root/searchspaces/devices/pcm.yaml" >stuck.yaml
cp out set; ok device sample --device ./stuck.yaml --g 5 --t 0 -n 5000 --set program=0 --set read=0 --csv; same out set
ok device sample --w 0,1 --t 0 -n 1000 --set on_off_ratio=10 --json; json
run device sample --set stuck_set=0.6 --set stuck_reset=0.6; code 2; err 'more than 1'
run device sample --set reed=1; code 2; err "did you mean 'read'"

# A measurement becomes a device, and what was put in comes out.
python3 - >reads.csv <<'PY'
import math, random
random.seed(3)
print("device,g_target_uS,t_s,g_uS,operator")
for g in (2, 5, 10, 20):
    for i in range(400):
        p, nu = random.gauss(g, 0.5), random.gauss(0.05, 0.01)
        for t in (25, 250, 2500, 25000):
            print(f"{i},{g},{t},{p * (t / 25) ** -nu * random.gauss(1, 0.01):.6g},x")
PY
ok device fit reads.csv --name mine --degree 1 -o mine.yaml; no_out
ok check mine.yaml; out 'device, no errors'
ok device sample --device ./mine.yaml --g 10 --t 0 -n 1000 --csv
out '^10,program,,uS,1000,[0-9.]+,[0-9.]+,10(\.0+[0-9]*)?,0\.(4[5-9]|5[0-4])'; out '^10,nu,,1,1000,0\.0[0-9]+,0\.0[0-9]+,0\.0(49|50)'
run device fit reads.csv --g-max 15; code 2; err 'reads.csv:[0-9]+.*above g_max'
run device fit reads.csv --name 'a b'; code 2; err 'a name has'
run device fit none.csv; code 3
printf 'device,g_target_uS,t_s\n' >short.csv; run device fit short.csv; code 3; err 'g_uS'
