#!/usr/bin/env bash
# Measures with JMH how long the CPU engine takes for one image, and prints a table of medians and 99th percentiles.
#
#   benchmarks/latency/run.sh [JMH's options, such as -p precision=fp32]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
launcher=$here/../../target/launcher
"$here/../../vgg" --version >/dev/null # builds what is missing
mvn -q -B -f "$here/pom.xml" process-classes
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-1000}"
java -cp "$here/target/classes:$(cat "$here/target/classpath.txt"):$launcher/vgg4j.jar:$(cat "$launcher/classpath.txt")" \
  org.openjdk.jmh.Main -rf json -rff "$here/target/latency.json" "$@" >&2
python3 - "$here/target/latency.json" <<'P'
import json
import sys

print("| net | precision | p50, ms | p99, ms | samples |")
print("|---|---|---|---|---|")
for result in json.load(open(sys.argv[1], encoding="utf-8")):
    metric, which = result["primaryMetric"], result["params"]
    samples = sum(count for fork in metric["rawDataHistogram"] for run in fork for _, count in run)
    percentiles = metric["scorePercentiles"]
    print(f"| {which['net']} | {which['precision']} | {percentiles['50.0']:.3f} | {percentiles['99.0']:.3f} | {samples} |")
P
