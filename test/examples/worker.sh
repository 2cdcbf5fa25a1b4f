# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors
# shellcheck shell=bash disable=SC2154

# Sourced by examples.test: the cases of the worker.

# $1: paused or resumed, $2: nodes. The ring must be the one of the daemon.
worker_is()
{
	local ring

	ring=$(corosync-quorumtool -s | sed -n 's/^Ring ID: *//p')
	awk '/^(paused|resumed) / { state = $1 }
		!/^tick/ { view = $0; sub("^[a-z]+ ", "", view) }
		END { print state, view }' "$work/w" | grep -qx "$1 $ring: $2"
}

worker_becomes()
{
	wait_for worker_is "$@" && return
	echo "the worker is not '$*', but:"
	grep -v ^tick "$work/w"
	return 1
}

# The worker does units of work at present.
worker_works()
{
	local ticks

	ticks=$(grep -c ^tick "$work/w")
	prints w "tick $((ticks + 3))"
}

# All units of work are in order, and none is in a pause.
work_was_right()
{
	awk '/^resumed/ { works = 1 }
		/^paused/ { works = 0 }
		/^tick/ && (!works || $2 != ++ticks) { exit wrong = 1 }
		END { exit wrong || ticks == 0 }' "$work/w"
}

node_is_alone()
{
	corosync-quorumtool -s | grep -q '^Nodes: *1$'
}

worker_follows_quorum()
{
	links_set down 2 3
	wait_for node_is_alone && start w 1 "$worker" 10 &&
		worker_becomes paused 1 && links_set up 2 &&
		worker_becomes resumed '1 2' && worker_works &&
		links_set up 3 && worker_becomes resumed '1 2 3' &&
		worker_works && links_set down 2 3 && worker_becomes paused 1
	local status=$?
	links_set up 2 3
	((status == 0)) && worker_becomes resumed '1 2 3' && worker_works &&
		work_was_right
}

worker_has_no_corosync()
{
	[[ $(tail -n 1 "$work/w") == "paused: no corosync" ]]
}

worker_outlives_daemon()
{
	start w 1 "$worker" 10
	worker_becomes resumed '1 2 3' && worker_works || return
	daemon_kill 1
	wait_for worker_has_no_corosync
	local status=$?
	cluster_restart 1 && ((status == 0)) &&
		worker_becomes resumed '1 2 3' && worker_works && work_was_right
}

worker_waits_for_daemon()
{
	daemon_kill 1
	start w 1 "$worker" 10
	prints w 'paused: no corosync'
	local status=$?
	cluster_restart 1 && ((status == 0)) &&
		worker_becomes resumed '1 2 3' && worker_works && work_was_right
}

worker_checks()
{
	ipc_check "the node gains and loses the quorum" worker_follows_quorum
	ipc_check "the daemon of a worker dies" worker_outlives_daemon
	ipc_check "the worker starts before the daemon" worker_waits_for_daemon
}
