#!/bin/sh
# Ask and tell from a shell: `ansatz optimize` behind two pipes, no tools but sh, sed and awk.
#
#   sh optimize.sh                      starts `ansatz optimize`
#   sh optimize.sh npx ansatz optimize  or whatever command reaches it
set -eu
[ $# -gt 0 ] || set -- ansatz optimize
TRIALS=30

pipes=$(mktemp -d)
trap 'rm -rf "$pipes"' EXIT
mkfifo "$pipes/to" "$pipes/from"
"$@" <"$pipes/to" >"$pipes/from" &
exec 3>"$pipes/to" 4<"$pipes/from"

# request JSON: sends a line, and leaves the answer in $answer.
request() {
  printf '%s\n' "$1" >&3
  IFS= read -r answer <&4 || { echo "the optimizer is gone" >&2; exit 1; }
  case $answer in
  '{"error"'*) echo "$answer" >&2; exit 1 ;;
  esac
}

# field NAME: the value of a field of $answer, a number or a word without quotes. Empty when there is none.
field() {
  printf '%s\n' "$answer" | sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# A request is one line.
space='{"name":"lr","type":"float","low":1e-5,"high":1,"log":true}'
space=$space',{"name":"optimizer","type":"cat","choices":["sgd","adam"]}'
space=$space',{"name":"momentum","type":"float","low":0,"high":0.99,"when":{"name":"optimizer","in":["sgd"]}}'
request '{"cmd":"create","seed":1,"direction":"minimize","space":['"$space"']}'

trial=0
while [ "$trial" -lt "$TRIALS" ]; do
  request '{"cmd":"ask"}'
  id=$(field id)
  # Stands for a training that prints its loss. A parameter that does not matter in a trial is not in the answer.
  loss=$(awk -v lr="$(field lr)" -v optimizer="$(field optimizer)" -v momentum="$(field momentum)" 'BEGIN {
    rate = log(lr) / log(10) + 2.5
    print 0.4 + 0.1 * rate * rate + (optimizer == "sgd" ? 0.2 + (momentum - 0.9) ^ 2 : 0.1)
  }') || loss=null
  request "{\"cmd\":\"tell\",\"id\":$id,\"value\":${loss:-null}}"
  trial=$((trial + 1))
done

request '{"cmd":"best"}'
echo "best of $trial: trial $(field id), loss $(field value), lr $(field lr), optimizer $(field optimizer)"
request '{"cmd":"close"}'
wait
