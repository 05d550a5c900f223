#!/bin/sh
# Runs one command, outlives the lab, and tells the truth about it in files.
#
#   supervise.sh DIR LIMIT GRACE TOKEN CALL COMMAND [ARG...]
#
# DIR/call       written by the lab before: the word CALL. Another word, or none, means that a later lab has begun anew
#                in this folder, and a supervisor that is slow to come leaves (exit 97)
# DIR/lock/      made first: a second supervisor of the same run finds it and leaves (exit 97); holds the pid
# DIR/started    pid and start of the supervisor, boot id, pid and start of the command, uptime at the start
# DIR/heartbeat  touched every 5 seconds
# DIR/stdout, DIR/stderr
# DIR/paused     once it was paused: seconds it was so before, and the uptime since when it is (or -)
# DIR/keeper     pid and start of the lab that will go on with it, and how many seconds it may be dead
# DIR/limit      written before a run goes on, when it may have less than LIMIT
# DIR/exit       exit code, why it was cut short, uptime at start and end, CPU seconds of the children, seconds paused
#
# LIMIT and GRACE are seconds; time in which the run is paused counts for neither. A TERM to this process ends the
# run politely, then hard; USR1 stops its processes where they are, USR2 lets them go on. A paused run whose lab is
# dead and has no successor is ended, lest it stay stopped for ever. The guard below is a process of its own, so the
# limit holds even if this one is killed. Everything the command starts inherits ANSATZ_RUN=TOKEN, which finds the
# processes that left its group. POSIX sh and few forks: compute nodes may have no Node, and short runs should not
# wait for their keeper.

dir=$1 limit=$2 grace=$3 token=$4 call=$5
shift 5

# Whether the lab that called this supervisor is still the one whose word counts here.
called() {
  read -r word 2>/dev/null <"$dir/call" && [ "$word" = "$call" ]
}

called && mkdir "$dir/lock" 2>/dev/null || exit 97
if ! called; then
  rmdir "$dir/lock"
  exit 97
fi
echo $$ >"$dir/lock/pid"
exec </dev/null >>"$dir/supervisor.log" 2>&1

uptime() {
  if read -r now _ 2>/dev/null </proc/uptime; then return; fi
  now=$(date +%s)
}

# $1 seconds as whole centiseconds. The 1 in front keeps 08 from being octal.
centis() {
  case $1 in
  *.*) part=${1#*.}00 ;;
  *) part=00 ;;
  esac
  part=${part%"${part#??}"}
  whole=${1%%.*}
  cs=$((${whole:-0} * 100 + 1$part - 100))
}

# $1 centiseconds as seconds.
seconds() {
  text=$(($1 / 100)).$(($1 % 100 / 10))$(($1 % 10))
}

# Start time of process $1 in clock ticks since boot: together with the boot id it names a process for good.
birth() {
  born=0
  if read -r stat 2>/dev/null <"/proc/$1/stat"; then
    # The name in parentheses may hold anything; count the fields after it.
    set -- ${stat##*) }
    # A zombie only waits to be counted.
    [ "$1" = Z ] || born=${20}
  elif [ ! -d /proc/self ]; then
    born=$(ps -o lstart= -p "$1" | tr -s ' ' _)
  fi
}

put() {
  cat >"$dir/$1.new" && mv "$dir/$1.new" "$dir/$1"
}

# Kill every process that carries the token, again until none is left.
sweep() {
  [ -d /proc/self ] || return 0
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    found=$(grep -lzsx "ANSATZ_RUN=$token" /proc/[0-9]*/environ 2>/dev/null)
    [ -n "$found" ] || return 0
    for file in $found; do
      pid=${file#/proc/}
      kill -KILL "${pid%/environ}" 2>/dev/null
    done
  done
}

# Send signal $1 to every process of the run, until no new one is found.
each() {
  kill "-$1" "-$command" 2>/dev/null
  [ -d /proc/self ] || return 0
  before=
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    found=$(grep -lzsx "ANSATZ_RUN=$token" /proc/[0-9]*/environ 2>/dev/null)
    [ "$found" != "$before" ] || return 0
    before=$found
    for file in $found; do
      pid=${file#/proc/}
      kill "-$1" "${pid%/environ}" 2>/dev/null
    done
  done
}

nap() {
  sleep "$1" &
  sleeper=$!
  wait $sleeper
}

# Whether the command's pid has been given to somebody else.
stranger() {
  birth "$command"
  [ "$born" != 0 ] && [ "$born" != "$command_born" ]
}

# Politely, then hard; $1 says why.
finish() {
  [ -e "$dir/cut" ] || echo "$1" >"$dir/cut"
  if stranger; then
    sweep
    return
  fi
  kill -TERM "-$command" 2>/dev/null
  nap "$grace"
  kill -KILL "-$command" 2>/dev/null
  sweep
}

# Whether the lab that paused the run, or the one that came after it, lives.
kept() {
  lease=900
  read -r keeper keeper_born lease 2>/dev/null <"$dir/keeper" || return 1
  birth "$keeper"
  [ "$born" = "$keeper_born" ]
}

guard() {
  # $! is there before the next command is; until the first nap it is still the supervisor's.
  trap '[ $! = $command ] || kill $! 2>/dev/null; exit 0' TERM
  trap '[ $! = $command ] || kill $! 2>/dev/null' USR2
  trap '' HUP INT
  centis "$start"
  from=$cs
  alone=
  while :; do
    : >"$dir/heartbeat"
    total=0 asleep=-
    if [ -e "$dir/paused" ]; then
      read -r total asleep <"$dir/paused"
      [ ! -e "$dir/limit" ] || read -r limit <"$dir/limit"
    fi
    uptime
    centis "$now"
    here=$cs
    till=$here
    pause=499
    if [ "$asleep" = - ]; then
      alone=
    else
      centis "$asleep"
      till=$cs
      if kept; then
        alone=
      else
        : "${alone:=$here}"
        centis "$lease"
        if [ $((here - alone)) -ge $cs ]; then
          abandon
          return
        fi
        [ $cs -ge $pause ] || pause=$((cs + 1))
      fi
    fi
    centis "$total"
    active=$((till - from - cs))
    centis "$limit"
    left=$((cs + 1 - active))
    if [ $left -le 0 ]; then
      finish time-limit
      return
    fi
    [ $left -ge $pause ] || pause=$left
    seconds $pause
    nap "$text"
    # Left alone after both were killed: nothing to guard any more.
    if stranger || [ "$born" = 0 ]; then
      sweep
      exit 0
    fi
  done
}

# Nobody is left who would go on with a paused run.
abandon() {
  echo abandoned >"$dir/cut"
  birth $$
  [ "$born" = "$own" ] && kill -TERM $$ && return
  each CONT
  finish abandoned
}

boot=none
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id
birth $$
own=$born
uptime
start=$now

# A session of its own, so that the whole group can be signalled and nothing of ours is.
if command -v setsid >/dev/null 2>&1; then
  ANSATZ_RUN=$token setsid "$@" >>"$dir/stdout" 2>>"$dir/stderr" &
else
  ANSATZ_RUN=$token perl -e 'use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127' "$@" >>"$dir/stdout" 2>>"$dir/stderr" &
fi
command=$!
birth $command
command_born=$born
killer=
# Centiseconds it was paused so far, and the uptime since when it is.
paused=0
since=
note() {
  seconds $paused
  before=$text
  text=-
  [ -z "$since" ] || seconds "$since"
  printf '%s %s\n' "$before" "$text" | put paused
}
suspend() {
  hit=1
  [ -z "$since$killer" ] || return
  stranger && return
  each STOP
  uptime
  centis "$now"
  since=$cs
  note
}
proceed() {
  hit=1
  [ -n "$since" ] || return
  uptime
  centis "$now"
  paused=$((paused + cs - since))
  since=
  note
  each CONT
  # The guard counts on from here; before its first heartbeat it could not be told.
  [ ! -e "$dir/heartbeat" ] || kill -USR2 $guard 2>/dev/null
}
cancel() {
  hit=1
  [ -z "$killer" ] || return
  # A stopped process hears nothing.
  proceed
  # Marked at once: the command may end before the killer gets to it.
  [ -e "$dir/cut" ] || echo cancelled >"$dir/cut"
  (
    trap 'kill $sleeper 2>/dev/null; exit 0' TERM
    finish cancelled
  ) &
  killer=$!
}
trap cancel TERM INT HUP
trap suspend USR1
trap proceed USR2

# From here on a TERM is heard, and who reads "started" may send one.
printf '%s %s %s %s %s %s\n' $$ "$own" "$boot" "$command" "$command_born" "$start" | put started

guard &
guard=$!

# A trapped signal ends wait early: ask again until the command itself has ended.
hit=1
while [ $hit = 1 ]; do
  hit=0
  wait $command
  code=$?
done
uptime
trap '' TERM INT HUP USR1 USR2
kill -KILL "-$command" 2>/dev/null
sweep
# Some shells lose a signal that comes before a new process has set its trap. A guard without a heartbeat is that
# young, and has no sleeper yet that would be left behind.
young=
[ -e "$dir/heartbeat" ] || young=-KILL
kill $young $guard 2>/dev/null
[ -z "$killer" ] || kill $killer 2>/dev/null
times >"$dir/times"
cut=-
[ -e "$dir/cut" ] && read -r cut <"$dir/cut"
{ read -r _ && read -r user system; } <"$dir/times"
if [ -n "$since" ]; then
  centis "$now"
  paused=$((paused + cs - since))
fi
seconds $paused
printf '%s %s %s %s %s %s %s\n' "$code" "$cut" "$start" "$now" "$user" "$system" "$text" | put exit
exit "$code"
