#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors
set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake libtoolize:libtool \
	pkg-config:pkg-config; do
	command -v "${tool%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%:*} is missing; install the" \
			"package ${tool#*:}" >&2
		exit 1
	}
done
mkdir -p m4 build-aux
exec autoreconf --install --force
