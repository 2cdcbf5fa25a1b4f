# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors
# shellcheck shell=sh

# Sourced by the tests that are shell scripts.

: "${BUILD:?run this test by: make check TESTS=${0##*/}}"

passed=0
failed=0

# $1: name of the case, then a command. The case passes if the command succeeds.
check()
{
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok      $what"
	else
		failed=$((failed + 1))
		echo "FAILED  $what"
	fi
}

# Waits until the command succeeds, for up to a minute.
wait_for()
{
	wait_end=$(($(date +%s) + 60))
	wait_delay=0.02
	until "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return
		sleep $wait_delay
		wait_delay=0.1
	done
}

# The last command of a test.
cases_end()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# Prints the path of the distribution's shared object $1.
distribution_path()
{
	ldconfig -p | sed -n "s/^\t$1 .*=> //p" | head -n 1
}
