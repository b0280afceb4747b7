#!/usr/bin/env bash
# Tests and times vgg4j on this machine's GPU, beside PyTorch where there is one, and writes a report.
#
#   benchmarks/gpu/run.sh OUT_DIR [--only STAGE] [--minutes N] [--few-files] [--rehearse DIR]
#
# Runs in an unpacked bundle (./vgg bundle) or in a checkout. OUT_DIR gets report.md, results.json and results.tar.gz, the
# archive of everything, after each stage; a later call with the same OUT_DIR does what is not done yet and adds it.
#
#   --only STAGE     one stage, also when it was done before: doctor, ceilings, tests, trainings, steps, recipe, memory
#                    or sanitizer
#   --minutes N      stops after N minutes, in the middle of a stage too, and says what is left
#   --few-files      leaves nothing but the three files in OUT_DIR
#   --rehearse DIR   tiny sizes on the CPU stand-in for CUDA in DIR: tries this script, measures nothing
#
# Ends with 0 when all that was asked for is done or cannot run here, 1 when something failed, 2 when it cannot begin as
# asked, 3 when nothing failed but the time was up before all was done.
set -uo pipefail

die() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 2
}

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
stages=(doctor ceilings tests trainings steps recipe memory sanitizer)
out='' only='' minutes='' few='' standin=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --only | --minutes | --rehearse)
      [[ $# -gt 1 ]] || die "$1 needs a value"
      case $1 in --only) only=$2 ;; --minutes) minutes=$2 ;; --rehearse) standin=$2 ;; esac
      shift
      ;;
    --few-files) few=yes ;;
    -h | --help) usage && exit 0 ;;
    -*) die "unknown option $1; see --help" ;;
    *) [[ -z $out ]] || die "one OUT_DIR, not also $1" && out=$1 ;;
  esac
  shift
done
[[ -n $out ]] || die 'OUT_DIR is missing; see --help'
[[ -z $minutes || $minutes =~ ^[1-9][0-9]*$ ]] || die "--minutes must be a whole number from 1, not $minutes"
[[ -z $only || " ${stages[*]} " == *" $only "* ]] || die "--only must be one of ${stages[*]}, not $only"
[[ -z $standin || -e $standin/libcudart.so.13 ]] || die "--rehearse: no stand-in (libcudart.so.13) in $standin"
mkdir -p "$out" 2>/dev/null && [[ -w $out ]] || die "cannot write to $out"
out=$(cd "$out" && pwd -P)
standin=${standin:+$(cd "$standin" && pwd -P)}

work=$(mktemp -d) || die 'no room for temporary files'
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
details=$out/details
[[ -z $few ]] || details=$work/details
mkdir -p "$details"
if [[ -f $out/results.tar.gz && -z $(ls -A "$details") ]]; then
  tar xzf "$out/results.tar.gz" -C "$details" || die "$out/results.tar.gz cannot be read; move it away"
fi

# Whatever is kept between runs stays out of the user's folders, and no run finds another's.
export XDG_CACHE_HOME=$work/cache
[[ -z ${VGG4J_DATA:-} ]] || export VGG4J_DATA
begin=$SECONDS

gpu=(--device cuda)
[[ -z $standin ]] || gpu+=(--cuda-libs "$standin")
vgg() { limited 3600 "$root/vgg" "$@"; }

seconds_left() { echo $((${minutes:-9999} * 60 + begin - SECONDS)); }

time_is_up() { (($(seconds_left) <= 0)); }

# How long something may take, in seconds: what is given, or what is left if that is less.
at_most() {
  local left
  left=$(seconds_left)
  echo $((left < 1 ? 1 : left < $1 ? left : $1))
}

# Runs a command for at most so many seconds. It stays in the terminal's foreground, so that Ctrl-C reaches it.
limited() { timeout --foreground --kill-after=20 "$(at_most "$1")" "${@:2}"; }

# A text as a JSON string.
quoted() {
  local text
  text=$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr '\t\r' '  ' | sed ':a;N;$!ba;s/\n/\\n/g')
  printf '"%s"' "$text"
}

# The value of a field in a line of JSON of ours: a number, or a text without quotes in it.
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$2"; }

# The last lines of a log, for a reader who has only the report.
tail_of() { printf '\n```\n%s\n```\n' "$(tail -n "${2:-15}" "$1")"; }

# A stage writes what it found to report.md and one JSON value to result.json in its folder (here), and returns 0 when all
# was well, 1 when something failed, 3 when it could not run (why.txt says why), 4 when the time was up on the way: what is
# in the report by then counts, and the stage is begun again by the next call.
here_of() { printf '%s/%s' "$details" "$1"; }
say() { printf '%s\n' "$*" >>"$stage/report.md"; }
# What a stage returns when the time is up: what failed before (not 0) is worth more.
stop_here() {
  say
  say 'The time was up here.'
  return $((${1:-0} ? 1 : 4))
}
cannot() {
  printf '%s\n' "$1" >"$stage/why.txt"
  return 3
}

. "$here/stages.sh"

run_stage() {
  local name=$1 start=$SECONDS code before
  before=$(status_of "$name")
  stage=$(here_of "$name")
  mkdir -p "$stage"
  rm -f "$stage/why.txt"
  : >"$stage/report.md"
  printf '== %s\n' "$name" >&2
  "stage_$name"
  code=$?
  case $code in
    0) printf done >"$stage/status" ;;
    3) printf skipped >"$stage/status" ;;
    4) printf unfinished >"$stage/status" ;;
    *) printf failed >"$stage/status" ;;
  esac
  printf '%d' $((SECONDS - start)) >"$stage/seconds"
  printf '== %s: %s, %d s\n' "$name" "$(cat "$stage/status")" $((SECONDS - start)) >&2
  write_report
}

status_of() { cat "$(here_of "$1")/status" 2>/dev/null || printf 'not run'; }

facts() {
  local commit nvidia
  commit=$(sed -n 's/^commit: //p' "$root/README.txt" 2>/dev/null || :)
  [[ -n $commit ]] || commit=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
  nvidia=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -n 1 || :)
  printf 'date\t%s\n' "$(date -u +%Y-%m-%dT%H:%MZ)"
  printf 'vgg4j\t%s\n' "$(vgg --version 2>/dev/null | head -n 1)"
  printf 'commit\t%s\n' "$commit"
  printf 'gpu\t%s\n' "${nvidia:-none that nvidia-smi knows}"
  printf 'system\t%s\n' "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null), $(uname -m), $(nproc) processors"
  printf 'python\t%s\n' "$(torch_version)"
  [[ -z $standin ]] || printf 'rehearsal\tstand-in, no GPU\n'
}

# Results of several calls make one report only when they are of one GPU and one vgg4j.
remember_facts() {
  facts >"$work/facts.tsv"
  if [[ ! -s $details/facts.tsv ]]; then
    cp "$work/facts.tsv" "$details/facts.tsv"
    return
  fi
  local what
  for what in gpu vgg4j commit rehearsal; do
    [[ $(grep "^$what" "$work/facts.tsv") == "$(grep "^$what" "$details/facts.tsv")" ]] ||
      die "$out has results of another $what: $(sed -n "s/^$what\t//p" "$details/facts.tsv"); name another OUT_DIR"
  done
}

write_report() {
  local name
  {
    printf '# vgg4j on a GPU\n\n'
    if grep -q '^rehearsal' "$details/facts.tsv"; then
      printf '**Stand-in, no GPU: a rehearsal of the script at tiny sizes. No time or rate below means anything.**\n\n'
    fi
    printf '| | |\n|---|---|\n'
    sed 's/|/\\|/g; s/\(.*\)\t\(.*\)/| \1 | \2 |/' "$details/facts.tsv"
    printf '\n| stage | | seconds |\n|---|---|---|\n'
    for name in "${stages[@]}"; do
      printf '| %s | %s | %s |\n' "$name" "$(status_line "$name")" "$(cat "$(here_of "$name")/seconds" 2>/dev/null)"
    done
    for name in "${stages[@]}"; do
      if [[ -s $(here_of "$name")/report.md ]]; then
        printf '\n## %s\n\n' "$(title_of "$name")"
        cat "$(here_of "$name")/report.md"
      fi
    done
  } >"$work/report.md" && mv "$work/report.md" "$out/report.md"
  {
    printf '{"facts":{'
    sed 's/\\/\\\\/g; s/"/\\"/g; s/\(.*\)\t\(.*\)/"\1":"\2"/' "$details/facts.tsv" | paste -s -d, -
    printf '},"stages":{'
    local separator=''
    for name in "${stages[@]}"; do
      printf '%s"%s":{"status":"%s"' "$separator" "$name" "$(status_of "$name")"
      separator=,
      if [[ -s $(here_of "$name")/seconds ]]; then printf ',"seconds":%s' "$(cat "$(here_of "$name")/seconds")"; fi
      if [[ -s $(here_of "$name")/why.txt ]]; then printf ',"why":%s' "$(quoted "$(cat "$(here_of "$name")/why.txt")")"; fi
      if [[ -s $(here_of "$name")/result.json ]]; then printf ',"result":%s' "$(cat "$(here_of "$name")/result.json")"; fi
      printf '}'
    done
    printf '}}\n'
  } >"$work/results.json" && mv "$work/results.json" "$out/results.json"
  tar czf "$work/results.tar.gz" -C "$details" . && cp "$work/results.tar.gz" "$out/.results.tar.gz.part" &&
    mv "$out/.results.tar.gz.part" "$out/results.tar.gz"
}

status_line() {
  local status
  status=$(status_of "$1")
  case $status in
    skipped) printf 'could not run: %s' "$(cat "$(here_of "$1")/why.txt")" ;;
    unfinished) printf 'not finished: the time was up' ;;
    left) printf 'not run: the time was up' ;;
    *) printf '%s' "$status" ;;
  esac
}

# Marks a stage that nothing is known of, before the time is up for it.
leave() {
  left+=("$1")
  mkdir -p "$(here_of "$1")"
  [[ -f $(here_of "$1")/status ]] || printf left >"$(here_of "$1")/status"
}

remember_facts
left=()
for name in "${stages[@]}"; do
  if [[ -n $only ]]; then
    [[ $name == "$only" ]] || continue
  elif [[ $(status_of "$name") == done ]]; then
    continue
  fi
  if time_is_up; then
    leave "$name"
    continue
  fi
  run_stage "$name"
  [[ $(status_of "$name") != unfinished ]] || left+=("$name")
done
write_report
printf '%s\n' "$out/report.md"
if [[ ${#left[@]} -gt 0 ]]; then
  printf 'the time is up; left: %s; the same command goes on\n' "${left[*]}" >&2
fi
for name in "${stages[@]}"; do [[ $(status_of "$name") != failed ]] || exit 1; done
[[ ${#left[@]} -eq 0 ]] || exit 3
