#!/bin/sh
# A worker for Kinora on another machine, with nothing but sh and curl:
#
#     worker.sh URL [CLASS]... -- ENGINE [ARGUMENT]...
#     worker.sh https://video.example.org vivid_flow/wan2.1 -- /opt/my-engine
#
# The engine is any program that keeps the contract of workers/README.md: the job as
# JSON on standard input, JSON lines on standard output, exit status 0, 75 (try
# again) or another. Environment:
#     KINORA_TOKEN_FILE   holds the service's worker_token
#     KINORA_LEASE        seconds of silence after which the job is another's (60)
#
# The engine's lines are passed on as they are, and Kinora's answers have no blanks
# between their parts: that is why sed is enough to take them apart.
set -u

url=${1-}
url=${url%/}
[ $# -eq 0 ] || shift
classes=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	classes="$classes${classes:+,}\"$1\""
	shift
done
[ $# -gt 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 64; }
shift
lease=${KINORA_LEASE:-60}

umask 077
dir=$(mktemp -d) || exit
engine='' curl='' beats='' stopping=''
trap 'rm -rf "$dir"' EXIT

say() { echo "$*" >&2; }

# Its group: with all that it has started.
stop_engine() {
	: >"$dir/ending"
	[ -z "$engine" ] || kill -s TERM -- "-$engine" 2>/dev/null
}
on_term() {
	stopping=1
	stop_engine
	[ -z "$curl" ] || kill "$curl" 2>/dev/null
}
trap on_term TERM INT

# Secrets go to curl by a file: everybody may read command lines.
{
	[ -z "${KINORA_TOKEN_FILE-}" ] || printf 'Authorization: Bearer %s\n' "$(cat "$KINORA_TOKEN_FILE")"
	echo 'Content-Type: application/json'
} >"$dir/headers"

random() { echo $(($(od -An -N2 -tu2 /dev/urandom) % $1)); }

# call TRIES PATH ANSWER [CURL OPTION]...: the status in $status, 000 for none. What fails because
# the service is away or overloaded is tried again, with growing pauses.
call() {
	tries=$1 path=$2 answer=$3 delay=1
	shift 3
	while :; do
		curl -sS -o "$answer" -w '%{http_code}' -m 600 -H "@$dir/headers" "$@" "$url$path" >"$answer.status" &
		curl=$!
		wait "$curl"
		curl=
		status=$(cat "$answer.status")
		case ${status:=000} in
		000 | 408 | 429 | 5??) ;;
		*) return 0 ;;
		esac
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] && [ -z "$stopping" ] && [ ! -e "$dir/over" ] || return 1
		say "trying again: $status $path"
		sleep $((delay + $(random $((delay + 1)))))
		[ "$delay" -ge 32 ] || delay=$((delay * 2))
	done
}

# The last line of a type that the engine has said, without its type, as a JSON object without its braces.
last_line() {
	sed -n 's/^{"type":"'"$1"'",\(.*\)}$/\1/p; s/^{"type": "'"$1"'", \(.*\)}$/\1/p' "$job/output" | tail -n 1
}

# Runs beside the engine; marks why it ended it.
beat() {
	last='' silent=0
	trap '[ -z "$curl" ] || kill "$curl" 2>/dev/null; exit' TERM
	while [ ! -e "$dir/ending" ]; do
		now=$(last_line progress)
		if [ "$now" != "$last" ] || [ "$silent" -ge $((lease / 3)) ]; then
			last=$now silent=0
			call 5 "/worker/v1/jobs/$id/progress" "$job/beat" -m 30 -d "{\"lease\":$lease${now:+,$now}}"
			case $status in
			404 | 409) echo "the lease is lost" >"$dir/over" ;;
			200) grep -q '"cancelled":true' "$job/beat" && echo cancelled >"$dir/over" ;;
			esac
		fi
		[ ! -e "$dir/over" ] || stop_engine
		sleep 1
		silent=$((silent + 1))
	done
	sleep 10
	kill -s KILL -- "-$engine" 2>/dev/null
}

# The claim in $dir/claim becomes the engine's job: inputs are fetched, their URLs become files.
take_inputs() {
	for name in $(grep -o '"url":"[^"]*/inputs/[A-Za-z0-9_-]*"' "$dir/claim" | sed 's,.*/,,; s,"$,,'); do
		call 5 "/worker/v1/jobs/$id/inputs/$name" "$job/$name" && [ "$status" = 200 ] || return
	done
	sed -e 's/^{"job":{/{"version":1,"options":{},"attempt":'"$attempt"',/' \
		-e 's/},"token":"[0-9a-f]*","attempt":[^}]*}$/}/' \
		-e 's,"url":"[^"]*/inputs/\([A-Za-z0-9_-]*\)","file":"'"$job"'/\1",g' "$dir/claim" >"$job/job.json"
}

# Every asset that the engine has named, then the word that all are there.
bring() {
	sed -n 's/^{"type": *"asset", *"name": *"\([A-Za-z0-9_-]*\)", *"file": *"\([^"]*\)"}$/\1 \2/p' \
		"$job/output" >"$job/assets"
	while read -r name file; do
		if [ ! -f "$job/work/$file" ]; then
			status=400
			printf '{"message":"The engine named a file that it did not make: %s"}' "$file" >"$job/answer"
			return 1
		fi
		call 20 "/worker/v1/jobs/$id/assets/$name" "$job/answer" -T "$job/work/$file"
		[ "$status" = 204 ] || return
	done <"$job/assets"
	call 20 "/worker/v1/jobs/$id/complete" "$job/answer" -d '{}'
	[ "$status" = 200 ]
}

# fail AGAIN WORDS: the engine's own error line, or these words.
fail() {
	error=$(last_line error)
	words=$(printf '%s' "$2" | tr -d '"\\' | tr '\t\n' '  ')
	call 20 "/worker/v1/jobs/$id/fail" "$job/answer" -d "{\"again\":$1,${error:-\"message\":\"$words\"}}"
	say "$id: failed: $status"
}

run_engine() {
	mkdir "$job/work"
	(cd "$job/work" && exec setsid "$@" <"$job/job.json" >"$job/output") &
	engine=$!
	[ -z "$stopping" ] || stop_engine # told so before there was one
	beat &
	beats=$!
	while :; do # a signal ends a wait early
		wait "$engine"
		code=$?
		kill -0 "$engine" 2>/dev/null || break
	done
	kill -s KILL -- "-$engine" 2>/dev/null
}

attempt() {
	id=$(sed -n 's/^{"job":{"id":"\([A-Za-z0-9_-]*\)".*/\1/p' "$dir/claim")
	token=$(sed -n 's/.*},"token":"\([0-9a-f]*\)","attempt":[^}]*}$/\1/p' "$dir/claim")
	attempt=$(sed -n 's/.*},"token":"[0-9a-f]*","attempt":\([0-9]*\).*/\1/p' "$dir/claim")
	job=$dir/$id
	mkdir "$job" && : >"$job/output"
	cp "$dir/headers" "$dir/claim-headers"
	echo "X-Lease-Token: $token" >>"$dir/headers"
	say "$id: attempt $attempt"
	if take_inputs; then
		run_engine "$@"
	else
		code=75
	fi
	reason=$(cat "$dir/over" 2>/dev/null)
	if [ -n "$reason" ]; then
		say "$id: $reason"
	elif [ -n "$stopping" ]; then
		call 5 "/worker/v1/jobs/$id/release" "$job/answer" -d '{}'
		say "$id: given back"
	elif [ "$code" = 0 ] && bring; then
		say "$id: completed"
	elif [ "$code" = 0 ] && [ "$status" = 400 ]; then
		fail false "$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' "$job/answer")"
	elif [ "$code" = 0 ]; then
		say "$id: given up: $status"
	elif [ "$code" = 75 ]; then
		fail true "The engine wants another try"
	else
		fail false "The engine ended with status $code"
	fi
	: >"$dir/over" # for the beats
	[ -z "$beats" ] || { kill "$beats" && wait "$beats"; } 2>/dev/null
	engine='' beats=''
	rm -rf "$job" "$dir/over" "$dir/ending"
	mv "$dir/claim-headers" "$dir/headers"
}

while [ -z "$stopping" ]; do
	begun=$(date +%s)
	call 1000000 /worker/v1/claim "$dir/claim" \
		-d "{\"models\":[${classes:-\"*\"}],\"worker\":\"$(uname -n)\",\"wait\":30,\"lease\":$lease}"
	case $status in
	200) attempt "$@" ;;
	204) [ $(($(date +%s) - begun)) -gt 1 ] || [ -n "$stopping" ] || sleep 1 ;;
	4??) say "the service does not want us: $(cat "$dir/claim")"; exit 1 ;;
	esac
done
exit 0
