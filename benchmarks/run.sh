#!/usr/bin/env bash
# Times vgg4j's CPU engine beside PyTorch, libtorch and ONNX Runtime on this machine, and writes tables and plots.
#
#   benchmarks/run.sh [--quick] [--cases a,b,..] [--precisions fp32,bf16] [--no-compile] [--compile-limit SECONDS]
#                     [--no-libtorch] [--no-growth] [--axes batch,width,..] [--threads N] [--out FILE]
#
# Writes benchmarks/results/<date>-<machine>.md, .json and -growth.svg, or FILE.md and so on. All of it takes over an hour on two
# cores; --quick less than 6 minutes: the small cases, without torch.compile, libtorch and growth. --cases none: growth alone.
# Needs python3 with torch, and g++ for torch.compile; onnx and onnxruntime are peers for inference, Maven builds the one on
# libtorch. PYTHON names another python. What is not there is named and left out. Close other programs first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname "$here")
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
  exit 0
fi
python=${PYTHON:-python3}
command -v "$python" >/dev/null || { printf 'run.sh: no %s; install Python 3, or set PYTHON\n' "$python" >&2; exit 2; }
"$root/vgg" --version >/dev/null # builds what is missing
machine=$(uname -n | tr -c 'A-Za-z0-9\n' -)
out=$here/results/$(date +%F)-$machine
arguments=()
while [[ $# -gt 0 ]]; do
  if [[ $1 == --out ]]; then
    [[ $# -gt 1 ]] || { printf 'run.sh: --out needs a file\n' >&2; exit 2; }
    out=$2
    shift
  else
    arguments+=("$1")
  fi
  shift
done
# OpenBLAS's and MKL's threads are set by torch; OpenMP's are each program's own.
exec "$python" "$here/cpu/compare.py" --out "$out" \
  --classes "$root/target/launcher/classes:$(cat "$root/target/launcher/classpath.txt")" "${arguments[@]}"
