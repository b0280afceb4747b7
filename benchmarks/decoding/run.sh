#!/bin/bash
# Decoding beside Python's: benchmarks/decoding/run.sh FOLDER [ROUNDS]
# Takes turns, a process of each a round; prints the median of all rounds. FOLDER is made by make_pictures.py. Needs python with
# torch, torchvision and Pillow; PYTHON names another. vgg4j is as ./vgg built it last; CLASSPATH names another.
set -euo pipefail
folder=$1 rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../target/launcher
classes=${CLASSPATH:-$build/classes:$(cat "$build/classpath.txt")}
threads=$(nproc)
for round in $(seq "$rounds"); do
  java -Xmx2g --enable-native-access=ALL-UNNAMED -cp "$classes" "$here/Decoding.java" "$folder" "$threads" 1
  "${PYTHON:-python3}" "$here/loaders.py" "$folder" "$threads" 1
done | tee /dev/stderr | sort | awk '
  { key = $1 " " $2; if (!(key in count)) names[++kinds] = key; rates[key, ++count[key]] = $3 }
  END {
    for (k = 1; k <= kinds; k++) {
      key = names[k]; n = count[key]
      for (i = 1; i <= n; i++) v[i] = rates[key, i]
      for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
      printf "%-20s median %6.0f  (%d to %d, %d rounds)\n", key, v[int((n + 1) / 2)], v[1], v[n], n
    }
  }'
