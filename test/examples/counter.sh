# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors
# shellcheck shell=bash disable=SC2154

# Sourced by examples.test: the cases of the counter.

# The awk program $1 must succeed with the output of each of the counters
# NAME...
counters_are()
{
	local name

	for name in "${@:2}"; do
		awk "$1" "$work/$name" || return
	done
}

# $1: awk program, then names
counters_get()
{
	wait_for counters_are "$@" && return
	tail -n 5 "${@/#/$work/}" 2>/dev/null
	return 1
}

# The counters NAME... are the members, and agree on a state.
together()
{
	counters_get "/^disconnected/ { count = 0 }
		/^members/ { agreed = agreed && NF - 1 < count; count = NF - 1 }
		/^state/ { agreed = 1 }
		END { exit !(agreed && count == $#) }" "$@"
}

# $1: number of changes and value, then names
all_at()
{
	counters_get "/^(state|change)/ { at = \$2 \" \" \$3 }
		END { exit at != \"$1\" }" "${@:2}"
}

# $1: number of members in the current view of the counters NAME...
all_see()
{
	counters_get "/^members/ { count = NF - 1 }
		END { exit count != $1 }" "${@:2}"
}

# Prints the changes in the file $1 after the change number $2.
changes()
{
	awk -v after="${2:-0}" '$1 == "change" && $2 > after' "$work/$1"
}

# Starts a on node 1, b on node 2 and c on node 3.
trio_start()
{
	local node=0 name

	for name in a b c; do
		start $name $((++node)) "$counter" "$group"
	done
	together a b c
}

counter_begins_and_ends()
{
	local self

	start a 1 "$counter" "$group"
	self=1/${pid[a]}
	tell a nonsense 1x '' 12345678901 +3
	printf %s -10 >&"${input[a]}"
	input_end a
	succeeds a || return
	printf '%s\n' disconnected "connected $self" "members $self" \
		'state 0 0' "change 1 3 +3 $self" "change 2 -7 -10 $self" |
		cmp - <(grep -vx members "$work/a") &&
		grep -c ': not a change: ' "$work/a.err" | grep -qx 3
}

# The changes of each counter stay in order, and all print the same order.
counters_agree()
{
	local name

	for name in a b c; do
		start $name 1 "$counter" "$group"
	done
	together a b c || return
	for name in a b c; do
		seq 200 >&"${input[$name]}" &
	done
	all_at '600 60300' a b c || return
	cmp <(changes a) <(changes b) && cmp <(changes a) <(changes c) || return
	for name in a b c; do
		changes a | sed -n "s: 1/${pid[$name]}\$::p" |
			sed 's/.*+//' | cmp - <(seq 200) || return
	done
}

newcomer_gets_state()
{
	local told=0 first

	start a 1 "$counter" "$group"
	start b 2 "$counter" "$group"
	together a b || return
	while ! grep -q ^state "$work/c" 2>/dev/null; do
		((told < 20000)) || return
		tell a +1 +1 +1 +1 +1 +1 +1 +1 +1 +1
		((told += 10))
		counters_get "/^change/ { seen = \$2 }
			END { exit seen < $told - 5 }" a || return
		((told != 100)) || start c 3 "$counter" "$group"
	done
	all_at "$told $told" a b c || return
	first=$(awk '/^state/ { print $2; exit }' "$work/c")
	((first >= 95)) && cmp <(changes c) <(changes a "$first")
}

# Counters join all the time, and some changes arrive during an exchange.
no_change_is_lost()
{
	local told name

	trio_start && tell a +1 && all_at '1 1' a b c || return
	for ((told = 301; told <= 3001; told += 300)); do
		for name in a b c; do
			yes +1 | head -n 100 >&"${input[$name]}"
		done
		on_node 2 "$counter" "$group" </dev/null >"$work/guest" ||
			return
	done
	together a b c && all_at '3001 3001' a b c &&
		cmp <(changes a) <(changes b) &&
		cmp <(changes a) <(changes c) &&
		awk '/^state/ && $2 > 0 && $2 < 3001 { count++ }
			END { exit count < 9 }' "$work/a"
}

has_no_state()
{
	! grep ^state "$work/$1"
}

# The only member that has not sent its state yet is killed.
kill_in_transfer_is_survived()
{
	start a 1 "$counter" "$group"
	start b 2 "$counter" "$group"
	together a b && tell a 1 && all_at '1 1' a b || return
	kill -STOP "${pid[a]}"
	start c 3 "$counter" "$group"
	all_see 3 b c && tell b 10 || return
	start d 1 "$counter" "$group"
	all_see 4 b c d && tell d 100 && has_no_state c && has_no_state d ||
		return
	kill_hard a
	together b c d && prints c 'state 1 1' && prints d 'state 1 1' &&
		all_at '3 111' b c d && cmp <(changes c) <(changes d)
}

# A new member that never sends a state is killed.
newcomer_may_die()
{
	start a 1 "$counter" "$group"
	start b 2 "$counter" "$group"
	together a b && tell a 1 && all_at '1 1' a b || return
	start c 3 "$cpgcat" --stay "$group"
	all_see 3 a b && tell b 2 && prints c 'message .*s 1 1.*' || return
	kill_hard c
	together a b && all_at '2 3' a b
}

last_state_may_be_lost()
{
	start a 1 "$counter" "$group"
	prints a 'state 0 0' && tell a 1 && all_at '1 1' a || return
	kill -STOP "${pid[a]}"
	start b 1 "$counter" "$group"
	all_see 2 b && has_no_state b || return
	kill_hard a
	together b && tell b 5 && all_at '1 5' b
}

# $1: number of changes in the part of one node
# $2: state that all agree on, if it is known before
split_heals()
{
	local wins=${2-}

	trio_start || return
	links_set down 3
	all_see 2 a b && all_see 1 c && tell a 1 && tell b 1 &&
		yes 10 | head -n "$1" >&"${input[c]}" &&
		all_at '2 2' a b && all_at "$1 ${1}0" c
	local status=$?
	links_set up 3
	((status == 0)) && together a b c || return
	: "${wins:=$(awk '/^state/ { at = $2 " " $3 } END { print at }' \
		"$work/a")}"
	all_at "$wins" a b c && tell c -1 &&
		all_at "$((${wins% *} + 1)) $((${wins#* } - 1))" a b c
}

# $1: name, $2: number of lines "disconnected"
is_disconnected()
{
	counters_get "/^disconnected/ { count++ } END { exit count != $2 }" "$1"
}

counter_outlives_daemon()
{
	trio_start && tell c 1 && all_at '1 1' a b c || return
	daemon_kill 3
	is_disconnected c 2 && all_see 2 a b && tell a 1 && all_at '2 2' a b
	local status=$?
	cluster_restart 3 && ((status == 0)) && together a b c &&
		tell c 5 && all_at '3 7' a b c
}

# c joins again before the others notice that it was gone.
short_absence_is_seen()
{
	trio_start && tell c 1 && all_at '1 1' a b c &&
		cluster_restart 3 && together a b c && is_disconnected c 2 &&
		counters_get '/^members/ { gone = gone || was == 3 && NF == 3
				was = NF - 1 }
			END { exit !gone }' a b && all_at '1 1' a b c
}

counter_outlives_cluster()
{
	local node name status=0

	trio_start && tell c 1 && all_at '1 1' a b c || return
	for node in 1 2 3; do
		daemon_kill $node
	done
	for name in a b c; do
		is_disconnected $name 2 || status=1
	done
	cluster_restart '1 2 3' && ((status == 0)) && together a b c &&
		tell a 2 && all_at '2 3' a b c
}

sleeps()
{
	grep -q '^State:.*S' "/proc/$1/status"
}

# Process $1 has read $2 bytes, and sleeps again.
has_read()
{
	local read

	read -r _ read <"/proc/$1/io" && ((read >= $2)) && sleeps "$1"
}

unsure_change_is_reported()
{
	local read

	start a 1 "$counter" "$group"
	prints a 'state 0 0' || return
	daemon_kill 1 STOP
	wait_for sleeps "${pid[a]}"
	read -r _ read <"/proc/${pid[a]}/io"
	tell a +1
	wait_for has_read "${pid[a]}" $((read + 3))
	daemon_kill 1
	is_disconnected a 2 && prints a 'unsure \+1'
	local status=$?
	cluster_restart 1 && ((status == 0)) && together a && all_at '0 0' a
}

counter_waits_for_daemon()
{
	daemon_kill 1
	start a 1 "$counter" "$group"
	prints a disconnected
	local status=$?
	cluster_restart 1 && ((status == 0)) && prints a 'state 0 0' &&
		is_disconnected a 1
}

counter_checks()
{
	ipc_check "counter from start to end" counter_begins_and_ends
	ipc_check "600 changes by three counters" counters_agree
	ipc_check "a new member receives the state" newcomer_gets_state
	ipc_check "3000 changes and new members" no_change_is_lost
	ipc_check "SIGKILL of a member that has not sent its state" \
		kill_in_transfer_is_survived
	ipc_check "SIGKILL of the only member with the state" \
		last_state_may_be_lost
	ipc_check "SIGKILL of a new member" newcomer_may_die
	ipc_check "a split, more changes in the part of two nodes" \
		split_heals 1 '2 2'
	ipc_check "a split, more changes in the part of one node" \
		split_heals 3 '3 30'
	ipc_check "a split, as many changes in both parts" split_heals 2
	ipc_check "the daemon of one counter dies" counter_outlives_daemon
	ipc_check "the daemon of one counter restarts at once" \
		short_absence_is_seen
	ipc_check "the daemons of all counters die" counter_outlives_cluster
	ipc_check "a daemon dies while a change is in progress" \
		unsure_change_is_reported
	ipc_check "the counter starts before the daemon" \
		counter_waits_for_daemon
}
