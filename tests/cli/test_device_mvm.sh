# Products on tiles of a memory device: digital ones where nothing is wrong, the same for any number of threads and any
# company of times, errors that name what is wrong.
. tests/cli/lib.sh

exact="--set dac_bits=0 --set dac_bound=0 --set adc_bits=0 --set adc_bound=0 --set out_noise=0"
ok device mvm --device ideal -n 1 --t 0,1y --inputs 100 --outputs 30 $exact --csv
out '^program,,15360,[0-9.]+,0,0,0,0,1,0,1,$'; out '^read,31536000,15360,[0-9.]+,0,0,0,0,1,0,1,$'

# A tile of pcm after a day: the row of aihwkit with 8-bit converters, noise and its compensation has an error of 0.212,
# a slope of 0.980 and a factor of 1.499, for a matrix of the same statistics.
ok device mvm -n 2 --t 1d --csv -j 1
out '^read,86400,262144,1\.19[0-9]+,[^,]+,0\.2[01][0-9]+,0\.2[01][0-9]+,0\.17[0-9]+,0\.9[78][0-9]+,0\.2[01][0-9]+,1\.(49|50)[0-9]+,'
cp out one; ok device mvm -n 2 --t 1d --csv -j 3; same out one
grep '^read,86400' one >alone
ok device mvm -n 2 --t 0,1d --csv -j 1; grep '^read,86400' out >among; same alone among
ok device mvm -n 2 --t 1d --csv -j 1 --vectors 64 --seed 2; grep '^read,86400' out | cmp -s - alone && wrong "the seed changes nothing"
ok device mvm -n 1 --t 1d --vectors 64 --device pcm-hermes2 --set read_mode=four_phase --set compensation=unbiased --json
json; [ "$(field device)" = pcm-hermes2 ] || wrong "another device"; out 'read_mode=four_phase'
ok device mvm -n 1 --t 0 --vectors 8 --jsonl; jsonl
ok device mvm -n 1 --t 0 --vectors 8; out 'slope'

ok device mvm -n 1 --t 1d --vectors 64 --csv; cp out sound
ok device mvm -n 1 --t 1d --vectors 64 --set device.stuck_reset=0.1 --csv; cmp -s out sound && wrong "stuck devices change nothing"
run device mvm --set device.stuck_rest=0.1; code 2; err "did you mean 'stuck_reset'"
run device mvm --set adc_bit=8; code 2; err "did you mean 'adc_bits'"
run device mvm --set adc_bound=0; code 2; err 'rounding needs a bound'
run device mvm --set adc_bits=99; code 2; err '\[0, 16\]'
run device mvm --t 5x; code 2; err 'no time'
run device mvm --device reram-wan --t 1h; code 2; err 'measured at'
run device mvm --device pmc; code 3; err 'no device'
run device mvm --inputs 0; code 2
