#!/bin/bash
# run.sh OUTDIR [STAGE...]: builds and runs the probe, one process a stage, and writes OUTDIR/graph_probe.jsonl, graph_probe.log and
# summary.md. LIMIT_S (default 100): seconds for all stages together. Never waits for a stage longer than its own limit.
set -u
out=${1:?usage: run.sh OUTDIR [STAGE...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/graph_probe.log
jsonl=$out/graph_probe.jsonl
: > "$jsonl"
{ date; timeout 10 nvidia-smi -L; } > "$log" 2>&1
timeout -k 5 90 "$here/build.sh" >> "$log" 2>&1 || {
  if [ -e "$here/prebuilt/graph_probe" ]; then cp "$here/prebuilt/graph_probe" "$here/build/graph_probe"; else tail -20 "$log"; echo "build failed"; exit 1; fi
}
tail -1 "$log"
. "$here/build/libs.env"
export LD_LIBRARY_PATH=$CUDNN_LIB:$BLAS_LIB:$NVRTC_LIB:$CUDART_LIB${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export CUDA_MODULE_LOADING=LAZY
unset NVIDIA_TF32_OVERRIDE CUDNN_LOGLEVEL_DBG
probe=$here/build/graph_probe
began=$(date +%s)
limit=${LIMIT_S:-100}
# stage:seconds, most important first; a stage takes less when it is done earlier
stages=${*:-"ceil:8 conv-bf16:22 conv-tf32:14 error:10 fusion:26 legacy:24 lt:10 norm:10 capture:10 conv-strict:24"}
for entry in $stages; do
  name=${entry%%:*}
  seconds=${entry#*:}
  [ "$seconds" = "$entry" ] && seconds=30
  after=0
  for try in 1 2 3; do
    left=$(( limit - ($(date +%s) - began) ))
    if [ $left -lt 6 ]; then echo "no time left for $name" | tee -a "$log"; break; fi
    [ $seconds -gt $(( left - 3 )) ] && seconds=$(( left - 3 ))
    rm -f "$out/progress"
    t0=$(date +%s)
    timeout -k 3 $(( seconds + 8 )) "$probe" "$name" --budget "$seconds" --after $after --progress "$out/progress" >> "$jsonl" 2>> "$log"
    rc=$?
    echo "stage $name: rc $rc, $(( $(date +%s) - t0 )) s, $(wc -l < "$jsonl") lines" | tee -a "$log"
    # A crash (signal) or a destroyed context (3) loses the running case only: go on behind it in a new process.
    if [ $rc -ne 3 ] && [ $rc -lt 128 ]; then break; fi
    [ $rc -eq 137 ] && break
    n=$(cat "$out/progress" 2>/dev/null)
    [ -n "$n" ] || break
    echo "{\"kind\":\"crash\",\"stage\":\"$name\",\"case\":$n,\"rc\":$rc}" >> "$jsonl"
    after=$n
  done
done
rm -f "$out/progress"
python3 "$here/summary.py" "$jsonl" > "$out/summary.md" 2>> "$log"
cat "$out/summary.md"
