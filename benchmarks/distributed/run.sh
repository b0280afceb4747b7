#!/usr/bin/env bash
# Measures what one machine can show of trainings with several workers, and prints a table:
# two processes of one thread against one, the sum of VGG16's gradients, how soon a loss is noticed, and random kills.
#
#   benchmarks/distributed/run.sh [--quick | --kills N] [--only speed|kills]     50 kills, with --quick 3
#
# Close other programs first for the speeds; the kills need no quiet.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$here/../..
kills=50
only=
while [[ $# -gt 0 ]]; do
  case $1 in
    --quick) kills=3 ;;
    --kills) kills=${2:?--kills needs a number}; shift ;;
    --only) only=${2:?--only needs speed or kills}; shift ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tests' ranks, without Maven's test run: the same processes, with other sizes.
(cd "$root" && ./vgg train --workers 2 --data sample --epochs 1 --train-limit 200 --test-limit 50 --out "$work/warm" >/dev/null 2>&1)
module=$root/spark/target/launcher
classpath=$work/classes:$module/classes:$(cat "$module/classpath.txt")
mkdir "$work/classes"
javac -nowarn -cp "$classpath" -d "$work/classes" "$root"/spark/src/test/java/org/vgg4j/spark/gloo/OneRank.java

ranks() { # WORLD WHAT [NAMESPACES]: starts ranks, one a thread of OpenMP; their numbers are in pids
  rm -rf "$work/meeting"
  pids=()
  local rank inside address
  for ((rank = 0; rank < $1; rank++)); do
    inside=() address=()
    [[ -z ${3:-} ]] || { inside=(ip netns exec "$3$rank") address=("10.77.0.$((rank + 1))"); }
    OMP_NUM_THREADS=1 "${inside[@]}" java -Xmx512m -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 \
      -cp "$classpath" org.vgg4j.spark.gloo.OneRank "$rank" "$1" "$work/meeting" "$2" "${address[@]}" \
      >"$work/rank-$rank" 2>&1 &
    pids+=($!)
  done
}

await_line() { # RANK PATTERN
  until grep -q "$2" "$work/rank-$1"; do sleep 0.1; done
}

echo '| measured | result |'
echo '|---|---|'

# Two hosts, each in a network namespace of its own, with a slow network between them.
slow() { # RATE DELAY WHAT: what two ranks say over it; bits a second, seconds
  mkfifo "$work/open"
  python3 "$here/slow_link.py" "$$v0,$$v1" "$1" "$2" <"$work/open" >"$work/link" 2>&1 &
  local link=$!
  exec 3>"$work/open"
  until grep -q ready "$work/link"; do kill -0 "$link" || return 1; sleep 0.1; done
  ranks 2 "$3" "$$v"
  wait "${pids[@]}" || :
  exec 3>&-
  wait "$link" || :
  rm "$work/open"
  grep -v '^\[Gloo\]' "$work/rank-0"
}
speeds() {
  ranks 2 slab
  wait "${pids[@]}"
  echo "| sum of 553 MB (VGG16's gradients) over 2 processes, median of 5 | $(grep '^median' "$work/rank-0") |"

  if [[ $EUID -eq 0 && -e /dev/net/tun ]] && command -v ip >/dev/null; then
    ranks 2 sums
    wait "${pids[@]}"
    here_sums=$(grep -v '^\[Gloo\]' "$work/rank-0")
    slow_sums=$(slow 1e9 0.01 sums)
    [[ $slow_sums == "$here_sums" ]] && same=yes || same=no
    echo "| two hosts, 1 Gb/s, answers after 20 ms: the same bits as over loopback | $same |"
    echo "| the sum of 553 MB there (by the ring's formula $(python3 -c 'print(round(2 * (22 * 0.01 + 553.43e6 / 2 / 125e6) * 1e3))') ms) | $(slow 1e9 0.01 slab | grep '^median') |"
  else
    echo '| two hosts with a slow network | not measured: needs root, ip and /dev/net/tun |'
  fi

  for signal in KILL STOP; do
    ranks 3 endless
    await_line 2 '^step 3'
    began=$(date +%s%N)
    kill "-$signal" "${pids[1]}"
    for rank in 0 2; do wait "${pids[$rank]}" || :; done
    echo "| SIG$signal of one of 3 ranks: both others have ended after | $((($(date +%s%N) - began) / 1000000)) ms |"
    kill -KILL "${pids[1]}" 2>/dev/null || :
    wait || :
  done

  # VGG16, 224 px. One process of one thread beside two, each with as many images a step; the median step by
  # --profile, which leaves out the first three. Short steps must be many: in the first of a worker Java still compiles, beside the
  # computation.
  rate() { # RUN: images a second
    python3 -c 'import json, sys; p = json.load(open(sys.argv[1])); print(p["imagesPerStep"] * 1e3 / p["stepMillis"])' "$1/profile.json"
  }
  pair() { # WIDTH IMAGES STEPS: images of a step of a process
    local net=(--arch vgg16 --width "$1" --image-size 224 --data sample --test-limit 8 --no-report --device cpu --threads 1 --profile "$3")
    local one=() two=() turn steps=$(($3 + 3))
    for turn in 1 2 3; do
      "$root/vgg" train "${net[@]}" --batch-size "$2" --train-limit $((steps * $2)) --epochs 1 --out "$work/one-$turn" >/dev/null 2>&1
      one+=("$(rate "$work/one-$turn")")
      "$root/vgg" train "${net[@]}" --batch-size $((2 * $2)) --train-limit $((2 * steps * $2)) --epochs 1 --workers 2 \
        --out "$work/two-$turn" >/dev/null 2>&1
      two+=("$(rate "$work/two-$turn")")
      rm -rf "$work/one-$turn" "$work/two-$turn"
    done
    python3 - "$1" "$2" "${one[*]}" "${two[*]}" <<'P'
import statistics
import sys

one, two = (statistics.median(map(float, text.split())) for text in sys.argv[3:])
print(f"| images a second, VGG16 of width {sys.argv[1]}, 224 px, {sys.argv[2]} images a process: one process, two (3 turns each) |"
      f" {one:.2f}, {two:.2f}: {two / one:.2f} times |")
P
  }
  pair 1/8 64 24
  pair 1 64 6 # the blog's net and batch
  pair 1 8 24 # as many bytes to add up for an eighth of the images
}

# Kills at random moments, of either worker; every run must end with the bits of one that nothing happened to.
random_kills() {
  small=(--data sample --layers 512,M,1024,M --width 1/64 --image-size 16 --batch-size 16 --train-limit 1600 --test-limit 100
    --epochs 2 --threads 1 --no-report --device cpu --checkpoint-every 20 --workers 2)
  "$root/vgg" train "${small[@]}" --out "$work/undisturbed" >/dev/null 2>&1
  expected=$(sha256sum <"$work/undisturbed/model.safetensors")
  same=0 hit=0
  for ((turn = 0; turn < kills; turn++)); do
    "$root/vgg" train "${small[@]}" --attempts 10 --out "$work/killed-$turn" >"$work/said" 2>&1 &
    driver=$!
    until [[ -e $work/killed-$turn/config.json ]] || ! kill -0 "$driver" 2>/dev/null; do sleep 0.05; done
    sleep "$(python3 -c 'import random; print(random.random() * 5)')"
    victim=$(pgrep -P "$driver" -f CoarseGrainedExecutorBackend | shuf -n 1 || :)
    [[ -z $victim ]] || kill -KILL "$victim" 2>/dev/null || :
    wait "$driver" || :
    if grep -q 'attempt 1 of' "$work/said"; then hit=$((hit + 1)); fi
    if [[ $(sha256sum <"$work/killed-$turn/model.safetensors") == "$expected" ]]; then same=$((same + 1)); fi
    rm -rf "$work/killed-$turn"
  done
  echo "| runs with a worker killed at a random moment: the same bits as undisturbed | $same of $kills ($hit of them during the training) |"
}

[[ $only == kills ]] || speeds
[[ $only == speed ]] || random_kills
