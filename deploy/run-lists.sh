#!/bin/sh
# Clears the lists of a folder one after the other, for cron, systemd and Kubernetes; see docs/run.md.
#
#   run-lists.sh FOLDER [OPTIONS OF `clear-friends run`]
#
# The lists are FOLDER/*.csv, each under a name of its own. One is over when its receipts are there and its state is gone;
# each other one is run, or gone on with. The exit code is that of the last list of which something is left. A run
# that stopped before its end (75) ends the script, since the next call goes on with it.
folder=$1
shift
code=0
run=
stop=
told=

# A shell that is told to end would leave its run alone, which then has no time to drain. A run is told once: a second
# signal ends it at once. The signal may come before the number of the run is known.
tell_run() {
  [ -z "$run" ] || [ -n "$told" ] || { told=yes; kill "$run" 2>/dev/null; }
}
trap 'stop=yes; tell_run' INT TERM

for list in "$folder"/*.csv; do
  [ -z "$stop" ] || exit 75
  [ -e "$list" ] || continue
  [ -e "$list.receipts.ndjson" ] && [ ! -e "$list.state" ] && continue
  clear-friends run "$list" "$@" &
  run=$!
  [ -z "$stop" ] || tell_run
  wait "$run"
  ended=$?
  [ -z "$stop" ] || { wait "$run"; exit 75; }
  run=
  [ "$ended" -eq 75 ] && exit 75
  [ "$ended" -eq 0 ] || code=$ended
done
exit "$code"
