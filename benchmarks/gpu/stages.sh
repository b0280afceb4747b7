# The stages of run.sh, which sources this file.
# shellcheck shell=bash disable=SC2154 # root, gpu, standin, work and stage are run.sh's.

title_of() {
  case $1 in
    doctor) echo 'What is here (doctor)' ;;
    ceilings) echo 'Ceilings through the engine' ;;
    tests) echo 'Device tests' ;;
    trainings) echo 'Small trainings: every precision, with and without a graph, deterministic and not' ;;
    steps) echo "A training step of the blog's net, beside PyTorch" ;;
    recipe) echo 'The blog recipe on real data' ;;
    memory) echo 'Memory over 1,000 steps' ;;
    sanitizer) echo 'compute-sanitizer' ;;
  esac
}

# A net that a step takes milliseconds of, for checks; in a rehearsal one for everything.
tiny=(--layers '256,M,384,M' --width 1/64 --image-size 8 --batch-size 16)

stage_doctor() {
  local text code
  text=$(vgg doctor "${gpu[@]}" 2>&1)
  code=$?
  printf '%s\n' "$text" >"$stage/doctor.txt"
  if time_is_up; then
    stop_here
    return
  fi
  vgg doctor "${gpu[@]}" --json 2>/dev/null >"$stage/result.json" || true
  say '```'
  say "$text"
  say '```'
  return $((code != 0))
}

stage_ceilings() {
  local precision line failed=0
  say '| precision | memory, GB/s read and written | matrix product, TFLOP/s |'
  say '|---|---|---|'
  : >"$work/rows"
  for precision in bf16 tf32 fp32; do
    if line=$(vgg benchmark "${gpu[@]}" --precision $precision --ceilings --json 2>>"$stage/log.txt"); then
      printf '{"precision":"%s",%s\n' $precision "${line#?}" >>"$work/rows"
      say "| $precision | $(field gb_per_second "$line") | $(field tflop_per_second "$line") |"
    elif time_is_up; then
      rows_to_result
      stop_here $failed
      return
    else
      failed=1
      say "| $precision | failed | see below |"
    fi
  done
  rows_to_result
  [[ $failed == 0 ]] || tail_of "$stage/log.txt" >>"$stage/report.md"
  return $failed
}

rows_to_result() { printf '[%s]' "$(paste -s -d, "$work/rows")" >"$stage/result.json"; }

# The class path of the device tests: those of the bundle, or compiled from the checkout.
tests_class_path() {
  if [[ -d $root/tests ]]; then
    printf '%s' "$root/lib/*:$root/tests/*"
  elif [[ -f $root/library.pom.xml ]]; then
    command -v mvn >/dev/null || cannot 'no mvn to compile the tests with' || return
    mvn -q -B -f "$root/library.pom.xml" -Dquick -DdeviceTests process-test-classes >"$stage/mvn.txt" 2>&1 || return 1
    local built=$root/target/device-tests
    printf '%s:%s:%s' "$built/test-classes" "$built/classes" "$(cat "$built/classpath.txt")"
  else
    cannot 'this bundle has no tests: make one with ./vgg bundle --with-tests'
  fi
}

java_of_vgg() {
  if [[ -x $root/runtime/bin/java ]]; then
    printf '%s' "$root/runtime/bin/java"
  else
    printf '%s' "${JAVA_HOME:+$JAVA_HOME/bin/}java"
  fi
}

stage_tests() {
  local classpath code graph failed=0 chosen=(--include-classname '.*') on=gpu cpu='' log
  classpath=$(tests_class_path) || return
  [[ ! -f $root/README.txt ]] || ! grep -q '^cpu engine: no' "$root/README.txt" || cpu=-Dvgg4j.test.withoutCpu=true
  if [[ -n $standin ]]; then
    on=standin
    chosen=(--include-classname '.*\.(CudaLayoutTest|CudaImagesTest|CudaModelFileTest)')
    say 'Rehearsal: three of the test classes, on the stand-in.'
    say
  fi
  say '| steps run | tests | passed | failed | skipped |'
  say '|---|---|---|---|---|'
  : >"$work/rows"
  : >"$work/failures"
  for graph in true false; do
    log=$stage/graph-$graph.txt
    if time_is_up; then
      rows_to_result
      stop_here $failed
      return
    fi
    local without=(--exclude-classname '.*\.NoSuchTest')
    # These are about the graph itself.
    [[ $graph == true ]] || without=(--exclude-classname '.*\.(CudaGraphTest|CudaRecordingTest)')
    # shellcheck disable=SC2086 # VGG4J_JAVA_OPTS is a list of words, and cpu may be nothing.
    (cd "$work" && limited 900 "$(java_of_vgg)" -Xmx3g --enable-native-access=ALL-UNNAMED \
      -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.cachedir="$work/javacpp-tests" \
      -Dbasedir="$root" -Dvgg4j.cuda.test=$on -Dvgg4j.standin="${standin%/lib}" -Dvgg4j.cuda.test.graph=$graph \
      $cpu ${VGG4J_JAVA_OPTS:-} -cp "$classpath" org.junit.platform.console.ConsoleLauncher execute \
      --scan-classpath="$(tests_root)" --include-tag cuda "${chosen[@]}" "${without[@]}" \
      --disable-banner --disable-ansi-colors --details=tree --reports-dir="$stage/xml-graph-$graph") >"$log" 2>&1
    code=$?
    if [[ $code != 0 ]] && time_is_up; then
      rows_to_result
      stop_here $failed
      return
    fi
    [[ $code == 0 ]] || failed=1
    local row='' word
    for word in found successful failed skipped aborted; do
      row+="$(sed -n "s/^\[ *\([0-9]*\) tests $word *\].*/\1/p" "$log") "
    done
    read -r -a row <<<"$row"
    if [[ ${#row[@]} -lt 5 ]]; then
      say "| graph $graph | did not end: exit code $code | | | |"
      tail_of "$log" >>"$stage/report.md"
      failed=1
      continue
    fi
    row[3]=$((row[3] + row[4])) # JUnit calls it aborted when a test finds out itself that it cannot run
    say "| $(graph_words $graph) | ${row[0]} | ${row[1]} | ${row[2]} | ${row[3]} |"
    printf '{"graph":%s,"tests":%d,"passed":%d,"failed":%d,"skipped":%d}\n' \
      $graph "${row[@]:0:4}" >>"$work/rows"
    grep -E '\[X\]|✘' "$log" | head -n 20 | sed 's/^/    /' >>"$work/failures"
  done
  rows_to_result
  if [[ $failed == 1 && -s $work/failures ]]; then
    say
    cat "$work/failures" >>"$stage/report.md"
  fi
  return $failed
}

tests_root() { if [[ -d $root/tests ]]; then echo "$root/tests/vgg4j-tests.jar"; else echo "$root/target/device-tests/test-classes"; fi; }

graph_words() { if [[ $1 == true ]]; then echo 'as one CUDA graph'; else echo 'call by call'; fi; }

sha() { sha256sum "$1" | cut -d ' ' -f 1; }

stage_trainings() {
  local precision deterministic graph run code failed=0 accuracy flags equal
  local net=(--arch vgg11 --width 1/8 --image-size 32 --train-limit 6000 --test-limit 1000)
  [[ -z $standin ]] || net=("${tiny[@]}" --train-limit 200 --test-limit 50)
  say "Each: \`./vgg train ${net[*]} --epochs 1 --data sample --seed 1\` with the flags of its row. With \`--deterministic\`"
  say 'the two ways to run a step must give the same model file, bit for bit.'
  say
  say '| precision | deterministic | as one CUDA graph | call by call | same bits |'
  say '|---|---|---|---|---|'
  : >"$work/rows"
  for deterministic in yes no; do
    for precision in bf16 tf32 fp32; do
      local cells=() shas=()
      for graph in yes no; do
        flags=(--precision $precision)
        [[ $deterministic == no ]] || flags+=(--deterministic)
        [[ $graph == yes ]] || flags+=(--no-graph)
        run=$work/training
        rm -rf "$run"
        if vgg train "${gpu[@]}" "${net[@]}" "${flags[@]}" --epochs 1 --data sample --seed 1 --out "$run" \
          >"$work/said.txt" 2>>"$stage/log.txt"; then
          accuracy=$(sed -n 's/.*test acc \([0-9.]*\).*/\1/p' "$work/said.txt")
          cells+=("$accuracy")
          shas+=("$(sha "$run/model.safetensors")")
          printf '{"precision":"%s","deterministic":"%s","graph":"%s","test_accuracy":%s,"model_sha256":"%s"}\n' \
            $precision $deterministic $graph "$accuracy" "${shas[-1]}" >>"$work/rows"
        elif time_is_up; then
          rows_to_result
          stop_here $failed
          return
        else
          failed=1
          cells+=(failed)
          shas+=("failed $graph")
        fi
      done
      equal=no
      [[ ${shas[0]} != "${shas[1]}" ]] || equal=yes
      [[ $deterministic == no || $equal == yes ]] || failed=1
      say "| $precision | $deterministic | ${cells[0]} | ${cells[1]} | $equal |"
      rows_to_result
    done
  done
  [[ $failed == 0 ]] || tail_of "$stage/log.txt" >>"$stage/report.md"
  return $failed
}

torch_version() {
  python3 -c 'import torch; print("PyTorch", torch.__version__, "with", torch.cuda.get_device_name(), "cuDNN", torch.backends.cudnn.version()) if torch.cuda.is_available() else print("PyTorch", torch.__version__, "without a GPU")' 2>/dev/null ||
    echo 'none with PyTorch'
}

# Whether PyTorch can be timed: on the GPU, or in a rehearsal on the CPU.
has_torch() { [[ $torch == *cuDNN* || ( -n $standin && $torch == PyTorch* ) ]]; }

# One case, a row for each program: its words, batch, precision, divisor of the width.
steps_case() {
  local key=$1 batch=$2 precision=$3 divisor=$4 width=1 layout=channels_last code
  [[ $divisor == 1 ]] || width=1/$divisor
  local net=(--recipe blog --width $width --batch-size "$batch") times=() python=()
  # In fp32 cuDNN's search alone takes minutes in channels_last on an H200.
  [[ $precision != fp32 ]] || layout=contiguous
  if [[ -n $standin ]]; then
    net=("${tiny[@]}")
    times=(--warm-up 2 --steps 2)
    batch=4 divisor=64
    python=(--device cpu --image-size 32 --steps 2)
  fi
  local vgg=("$root/vgg" benchmark "${gpu[@]}" "${net[@]}" "${times[@]}" --precision "$precision" --json)
  if has_torch; then
    local programs=("vgg4j=$(printf '%q ' "${vgg[@]}" --on-request)")
    python=(python3 "$here/torch_step.py" --on-request "${python[@]}" --batch "$batch" --precision "$precision" \
      --width "$divisor" --memory $layout)
    programs+=("eager=$(printf '%q ' "${python[@]}")" "compile=$(printf '%q ' "${python[@]}" --compile)")
    limited 1800 python3 "$here/alternate.py" "${programs[@]}" >"$work/said.jsonl" 2>"$work/said.txt"
    code=$?
  else
    limited 300 "${vgg[@]}" >"$work/said.jsonl" 2>"$work/said.txt"
    code=$?
    sed -i 's/^{/{"program":"vgg4j",/' "$work/said.jsonl"
  fi
  if [[ $code != 0 ]]; then
    if time_is_up; then return 4; fi
    printf '{"program":"vgg4j","error":%s}\n' "$(quoted "$(tail -n 1 "$work/said.txt")")" >"$work/said.jsonl"
  fi
  sed "s/^{/{\"case\":\"$key\",/" "$work/said.jsonl" >>"$rows"
}

# A field of a program's row, "failed" with the reason, or "-" where there is none: the case's words, program, field, and
# those of its smallest and largest.
cell() {
  local line
  line=$(grep -F "\"case\":\"$1\"" "$rows" | grep "\"program\": *\"$2\"" | tail -n 1)
  if [[ $line == *'"error"'* ]]; then
    [[ $3 == ratio ]] && echo - && return
    echo "failed: $(sed -n 's/.*"error": *"\(.*\)"}$/\1/p' <<<"$line" | cut -c 1-80 | tr '|' '/')"
  elif [[ -z $(field "$3" "$line") ]]; then
    echo -
  else
    echo "$(field "$3" "$line") ($(field "$4" "$line") to $(field "$5" "$line"))$([[ $line != *'"alone": true'* ]] || echo ' *')"
  fi
}

stage_steps() {
  local batch precision divisor key torch
  rows=$stage/rows.jsonl
  torch=$(torch_version)
  # What an earlier call has measured counts, unless it was all done or vgg4j failed.
  if [[ $before == done || ! -f $rows ]]; then : >"$rows"; fi
  awk -F '"' 'NR == FNR { if (/"program": *"vgg4j".*"error"/) bad[$4]; next } !($4 in bad)' "$rows" "$rows" >"$work/kept"
  cp "$work/kept" "$rows"
  local cases=('64 bf16 1' '64 tf32 1' '256 bf16 1' '64 fp32 1' '256 tf32 1' '64 bf16 8' '64 tf32 8' '256 bf16 8' \
    '256 tf32 8' '64 fp32 8' '256 fp32 1' '256 fp32 8')
  [[ -z $standin ]] || cases=('64 bf16 1' '64 fp32 8')
  for key in "${cases[@]}"; do
    if grep -F -q "\"case\":\"$key\"" "$rows"; then continue; fi
    read -r batch precision divisor <<<"$key"
    if time_is_up || ! steps_case "$key" "$batch" "$precision" "$divisor"; then
      steps_report
      stop_here
      return
    fi
    steps_report
    write_report
  done
  ! grep -q '"program": *"vgg4j".*"error"' "$rows"
}

# The table of all rows so far, and the result.
steps_report() {
  : >"$stage/report.md"
  say 'Images/s: the median (slowest to fastest) of 5 windows of 20 steps after 10 that warm up. Random images; forward, loss, backward'
  say 'and Adam; a window is the time between two waits for the GPU. vgg4j begins with bytes of the images; PyTorch with floats on the'
  say 'GPU: fused Adam, `cudnn.benchmark`; channels_last, in fp32 contiguous; bf16 is autocast.'
  if has_torch; then
    say 'The three programs of a row are alive together and take turns, window by window. The last columns are vgg4j'"'"'s rate by'
    say 'that of PyTorch in the same round: the median (smallest to largest).'
    if grep -q '"alone": true' "$rows"; then
      say
      say '\* could not start beside the others and ran alone behind them, so that a GPU that got warm by then counts:'
      say
      sed -n 's/.*"why_alone": "\(\([^"\\]\|\\.\)*\)".*/    \1/p' "$rows" | sort -u >>"$stage/report.md"
    fi
  else
    say
    say "PyTorch could not run beside it: $torch."
  fi
  say
  [[ -z $standin ]] || say 'Rehearsal: tiny nets for all rows, whatever they say, 2 steps in a window, PyTorch on the CPU.'
  [[ -z $standin ]] || say
  say '| batch | precision | width | vgg4j | PyTorch eager | `torch.compile` | vgg4j / eager | vgg4j / compile |'
  say '|---|---|---|---|---|---|---|---|'
  local key batch precision divisor program
  sed -n 's/^{"case":"\([^"]*\)".*/\1/p' "$rows" | awk '!seen[$0]++' >"$work/keys"
  while read -r key; do
    read -r batch precision divisor <<<"$key"
    local line="| $batch | $precision | $([[ $divisor == 1 ]] || printf 1/)$divisor |"
    for program in vgg4j eager compile; do line+=" $(cell "$key" $program images_per_second min max) |"; done
    for program in eager compile; do line+=" $(cell "$key" $program ratio ratio_min ratio_max) |"; done
    say "$line"
  done <"$work/keys"
  cp "$rows" "$work/rows"
  rows_to_result
}

stage_recipe() {
  local flags=(--recipe blog --epochs 1 --precision bf16 --seed 1) code
  [[ -z $standin ]] || flags=("${tiny[@]}" --epochs 1 --precision bf16 --seed 1 --data sample --train-limit 200 --test-limit 50)
  local start=$SECONDS
  vgg train "${gpu[@]}" "${flags[@]}" --out "$work/recipe" >"$stage/stdout.txt" 2>"$stage/stderr.txt"
  code=$?
  if [[ $code != 0 ]] && time_is_up; then
    stop_here
    return
  fi
  say "\`./vgg train --device cuda ${flags[*]}\`, $((SECONDS - start)) s with its start and its files:"
  tail_of "$stage/stdout.txt" >>"$stage/report.md"
  if [[ -z $standin ]] && grep -q 'SAMPLE' "$stage/stderr.txt"; then
    say
    say 'The whole of Fashion-MNIST was not found, so these are figures of the sample: name a folder with its four files in'
    say '`VGG4J_DATA`.'
  fi
  [[ $code == 0 ]] || tail_of "$stage/stderr.txt" >>"$stage/report.md"
  if [[ -f $work/recipe/metrics.jsonl ]]; then printf '[%s]' "$(paste -s -d, "$work/recipe/metrics.jsonl")" >"$stage/result.json"; fi
  return $((code != 0))
}

stage_memory() {
  local line net=(--recipe blog --precision bf16) times=(--warm-up 20 --steps 20 --repeats 49) free first last
  if [[ -n $standin ]]; then
    net=("${tiny[@]}")
    times=(--warm-up 2 --steps 2 --repeats 5)
  fi
  if ! line=$(vgg benchmark "${gpu[@]}" "${net[@]}" "${times[@]}" --json 2>"$stage/log.txt"); then
    if time_is_up; then
      stop_here
      return
    fi
    tail_of "$stage/log.txt" >>"$stage/report.md"
    return 1
  fi
  printf '%s' "$line" >"$stage/result.json"
  free=$(sed -n 's/.*"free_bytes":\[\([0-9,]*\)\].*/\1/p' <<<"$line")
  first=${free%%,*} last=${free##*,}
  local process=$(sed -n 's/.*"process_bytes":\[\([0-9,]*\)\].*/\1/p' <<<"$line")
  [[ -z $standin ]] || say 'Rehearsal: a tiny net, few steps.'
  [[ -z $standin ]] || say
  say "| after steps | free on the GPU, MiB | the process holds in main memory, MiB |"
  say '|---|---|---|'
  say "| ${times[1]} + ${times[3]} | $((first >> 20)) | $((${process%%,*} >> 20)) |"
  say "| ${times[1]} + ${times[3]} x ${times[5]} | $((last >> 20)) | $((${process##*,} >> 20)) |"
  say
  if ((last >= first)); then
    say 'The GPU has no byte less at the end.'
  else
    say "The GPU has $((first - last)) bytes less at the end."
    return 1
  fi
}

stage_sanitizer() {
  local tool sanitizer failed=0 code word
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
  [[ -n $sanitizer ]] || cannot 'no compute-sanitizer on the PATH or in /usr/local/cuda/bin; it comes with the CUDA toolkit' || return
  say 'One small training (two blocks with batch norm, on the sample) under each tool; at most 150 s.'
  say
  say '| tool | result |'
  say '|---|---|'
  : >"$work/rows"
  for tool in memcheck synccheck racecheck initcheck; do
    if time_is_up; then
      stop_here $failed
      return
    fi
    timeout "$(at_most 150)" "$sanitizer" --tool $tool --target-processes all --error-exitcode 9 --print-limit 20 \
      "$root/vgg" train "${gpu[@]}" "${tiny[@]}" --deterministic --epochs 1 --data sample --train-limit 64 --test-limit 16 \
      --out "$work/sanitizer-$tool" >"$stage/$tool.txt" 2>&1
    code=$?
    word=$(grep -o 'ERROR SUMMARY: .*\|RACECHECK SUMMARY: .*' "$stage/$tool.txt" | tail -n 1)
    if [[ $code == 124 ]] && time_is_up; then
      stop_here $failed
      return
    fi
    case $code in
      0) word=${word:-no error} ;;
      124) word='did not end within 150 s' ;;
      *) failed=1 word="${word:-failed with exit code $code}" ;;
    esac
    say "| $tool | $word |"
    printf '{"tool":"%s","exit":%d,"said":%s}\n' $tool $code "$(quoted "$word")" >>"$work/rows"
    rows_to_result
  done
  return $failed
}
