#!/usr/bin/env bash
# Starts `keychai lab --no-browser` as a newcomer would, with an empty home,
# has lab.mjs look at every notebook, and sees to it that the server ends with
# the lab, even with one that is killed:
#
#   lab.sh KEYCHAI FOLDER MODULES SCREENSHOTS
#
# FOLDER holds `home` and `notebooks`. Prints `ok` and `not ok` lines.
set -euo pipefail

keychai=$1 folder=$2 modules=$3 screenshots=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$folder/lab.out err=$folder/lab.err
unset XDG_DATA_HOME
export HOME=$folder/home KEYCHAI_DATA_DIR=$folder/home/keychai
status=0
lab=
trap '[[ -z $lab ]] || kill "$lab" 2>/dev/null || true' EXIT

verdict() {
  if "$@"; then echo "ok $what"; else
    echo "not ok $what"
    status=1
  fi
}

# Starts the lab and waits for its address; `tenths` says how long it took.
start() {
  : >"$out"
  "$keychai" lab --no-browser "$folder/notebooks" >"$out" 2>"$err" &
  lab=$!
  for ((tenths = 0; tenths < 6000; tenths++)); do
    [[ -s $out ]] && break
    kill -0 "$lab" 2>/dev/null || break
    sleep 0.1
  done
  address=$(<"$out")
  port=${address#http://127.0.0.1:}
  port=${port%%/*}
}

is_address() { [[ $address =~ ^http://127\.0\.0\.1:[0-9]+/lab\?token=[0-9a-f]+$ ]]; }

is_served() { (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

falls_silent() {
  for ((tries = 0; tries < 300; tries++)); do
    is_served || return 0
    sleep 0.1
  done
  return 1
}

start
what="a first start prints the address and nothing else, after $((tenths / 10)) s"
verdict is_address
if ((status != 0)); then
  cat "$out" "$err"
  exit 1
fi

node "$here/lab.mjs" "$address" "$modules" "$screenshots" || status=1

kill -TERM "$lab"
code=0
wait "$lab" || code=$?
lab=
ends_well() { ((code == 0)) && ! is_served; }
what="SIGTERM ends the lab with code 0 (it was $code) and its server with it"
verdict ends_well

start
what="a second start installs nothing, and takes $((tenths / 10)) s"
verdict is_address
kill -KILL "$lab"
wait "$lab" 2>/dev/null || true
lab=
what="a lab that is killed leaves no server behind"
verdict falls_silent
exit "$status"
