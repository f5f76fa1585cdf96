#!/bin/sh
# CPU a request of the bare health route against nghttpd, in one run: both serve the same octets on one thread to the
# same h2load. Prints a table, and `http_cpu_ratio_to_nghttpd` last. Options by environment: N requests, ROUNDS.
#
# CPU is the server process's user and system time from /proc/PID/stat: it is steady where wall time is not. Rounds
# alternate, so that a machine that slows down slows both; the medians are compared.
set -eu
cd "$(dirname "$0")/.."
N=${N:-200000}
ROUNDS=${ROUNDS:-5}
OURS=${OURS:-.build/release/http-bench-server}
[ -x "$OURS" ] || { echo "build it first: swift build -c release --product http-bench-server" >&2; exit 1; }

folder=$(mktemp -d)
ours_pid=; peer_pid=
stop() { for pid in $ours_pid $peer_pid; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"; }
trap stop EXIT INT TERM

port=$((20000 + $$ % 20000))
"$OURS" "$port" & ours_pid=$!
attempts=0
until curl -fs "http://127.0.0.1:$port/healthz" -o "$folder/healthz" 2>/dev/null; do
    attempts=$((attempts + 1)); [ $attempts -lt 50 ] || { echo "the server does not answer" >&2; exit 1; }
    sleep 0.1
done
nghttpd --no-tls -n 1 -d "$folder" $((port + 1)) > /dev/null & peer_pid=$!
attempts=0
until curl -fs --http2-prior-knowledge "http://127.0.0.1:$((port + 1))/healthz" -o /dev/null 2>/dev/null; do
    attempts=$((attempts + 1)); [ $attempts -lt 50 ] || { echo "nghttpd does not answer" >&2; exit 1; }
    sleep 0.1
done

ticks=$(getconf CLK_TCK)
cpu() { sed 's/.*) //' "/proc/$1/stat" | awk -v t="$ticks" '{ printf "%.4f", ($12 + $13) / t }'; }
# one PID PORT: microseconds of server CPU a request, and requests a second
one() {
    before=$(cpu "$1")
    out=$(h2load -n "$N" -c 8 -m 50 "http://127.0.0.1:$2/healthz")
    after=$(cpu "$1")
    echo "$out" | grep -q " $N succeeded" || { echo "$out" >&2; exit 1; }
    rate=$(echo "$out" | sed -n 's/^finished in .*, \([0-9.]*\) req\/s.*/\1/p')
    awk -v a="$after" -v b="$before" -v n="$N" -v r="$rate" 'BEGIN { printf "%.3f %.0f\n", (a - b) / n * 1e6, r }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

one "$ours_pid" "$port" > /dev/null
one "$peer_pid" $((port + 1)) > /dev/null
printf '%-8s %22s %22s\n' round 'ours µs/req (req/s)' 'nghttpd µs/req (req/s)'
for round in $(seq "$ROUNDS"); do
    ours=$(one "$ours_pid" "$port"); peer=$(one "$peer_pid" $((port + 1)))
    echo "${ours% *}" >> "$folder/ours"; echo "${peer% *}" >> "$folder/peer"
    printf '%-8s %12s (%7s) %12s (%7s)\n' "$round" "${ours% *}" "${ours#* }" "${peer% *}" "${peer#* }"
done
ours=$(median < "$folder/ours"); peer=$(median < "$folder/peer")
printf '%-8s %12s %22s\n' median "$ours" "$peer"
awk -v o="$ours" -v p="$peer" 'BEGIN { printf "http_cpu_ratio_to_nghttpd %.2f\n", o / p }'
