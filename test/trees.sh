# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The coroclient authors
# shellcheck shell=bash

# Sourced by the programs that run tests in bare trees of Debian: for each name,
# a tree is created, commands are run in it, and it is removed. A program
# defines

#   label              the first word of each line that it prints
#   all                the names
#   usage              a function that prints the usage
#   tree_set NAME      a function that sets the variables that
#                      tree_settings_clear describes; it fails if there is no
#                      such name
#   commands_run       a function that creates the tree and runs the commands

# and ends with: trees_main "$@".

say()
{
	echo "$label: $*"
}

die()
{
	say "failed: $*" >&2
	exit 1
}

# Runs a program in namespaces that end with the program or with this script, so
# that no mount and no process is left.
isolated()
{
	local status tee

	exec {output}> >(exec tee -a "$log")
	tee=$!
	unshare --mount --pid --fork --kill-child "$@" </dev/null \
		>&"$output" 2>&1 {output}>&- &
	child=$!
	exec {output}>&-
	wait "$child"
	status=$?
	child=
	wait "$tee"
	return "$status"
}

# Runs a command in the tree $1, as the first process there.
stage_tree()
{
	local name

	mount --bind "$1" "$1" && cd "$1" &&
		mount -t proc proc proc &&
		mount -t sysfs -o ro sysfs sys &&
		mount -t tmpfs -o mode=1777 tmpfs tmp || exit 125
	mkdir -p dev/pts dev/shm
	for name in full null random tty urandom zero; do
		[[ -e dev/$name ]] || : >"dev/$name"
		mount --bind "/dev/$name" "dev/$name" || exit 125
	done
	mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts &&
		mount -t tmpfs -o mode=1777 tmpfs dev/shm || exit 125
	# A chroot is not enough: it permits no user namespaces.
	pivot_root . mnt && cd / && hash -r && umount -l /mnt || exit 125
	shift
	"$@"
	exit
}

tree_settings_clear()
{
	architecture=$native	# of the tree
	foreign=		# an architecture with packages in the tree, too
	suite=bookworm
	packages=()		# in addition to what apt needs
	needed=			# not empty: the archive must serve it
	chosen=			# TESTS of test/run; empty: all
	variables=()		# in addition, for the environment of test/run
}

# Runs a command in the tree, in its copy of the source.
tree_command()
{
	local environment=("${variables[@]}") proxy

	for proxy in http_proxy https_proxy no_proxy; do
		[[ ${!proxy-} ]] && environment+=("$proxy=${!proxy}")
	done
	[[ $chosen ]] && environment+=("TESTS=$chosen")
	isolated "$BASH" "$0" @tree "$tree" env -i HOME=/root LANG=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive "${environment[@]}" \
		sh -c 'cd /root/coroclient && exec "$@"' sh "$@"
}

# The arguments are those of test/run.
tree_run()
{
	tree_command test/run "$@"
}

apt_settings_print()
{
	apt-config dump --no-empty --format '%f "%v";%n' \
		Acquire::Check-Valid-Until Acquire::Check-Date \
		Acquire::http Acquire::https | grep -v '::Proxy-Auto-Detect'
}

tree_make()
{
	local include=("${packages[@]}")

	[[ $mirror == https:* ]] && include+=(ca-certificates)
	# Files that a killed mmdebstrap leaves are removed with $work.
	isolated --mount-proc env TMPDIR="$work" mmdebstrap --quiet \
		--mode=root --variant=minbase \
		--architectures="$architecture${foreign:+,$foreign}" \
		--format=directory --aptopt="$work/apt.conf" \
		"${include[@]/#/--include=}" "$suite" "$tree" "$mirror" &&
		source_copy
}

# Leaves out what a build creates, as in a fresh checkout or release.
source_copy()
{
	local generated=()

	[[ -e $source/.git ]] &&
		generated=(--exclude=./configure --exclude=./aclocal.m4
			--exclude=./m4 --exclude=Makefile.in)
	mkdir -p "$tree/root/coroclient" || return
	tar -C "$source" --exclude=./.git --exclude='./build*' \
		--exclude=./autom4te.cache "${generated[@]}" -cf - . |
		tar -C "$tree/root/coroclient" --no-same-owner -xf -
}

# If the archive does not serve the tree, stores the reason in "result".
is_served()
{
	local release=$work/Release wanted

	rm -f "$release"
	if ! /usr/lib/apt/apt-helper download-file \
		"$mirror/dists/$suite/Release" "$release" &>>"$log"; then
		result="not served by the archive"
		return 1
	fi
	reached=yes
	for wanted in $architecture $foreign; do
		grep -q "^Architectures:.* $wanted\( \|$\)" "$release" &&
			continue
		result="not served by the archive for $wanted"
		return 1
	done
	if [[ $architecture != "$native" ]] &&
		! arch-test "$architecture" &>>"$log"; then
		result="this machine cannot run programs for $architecture"
		return 1
	fi
}

time_print()
{
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# $1: description and expected duration, then a command
phase()
{
	local begin=$SECONDS what=$1 status

	shift
	say "$name: $what"
	"$@"
	status=$?
	times+=" ${what%% (*} $(time_print $((SECONDS - begin))),"
	((status == 0)) || result="failed"
	return "$status"
}

logs_keep()
{
	mkdir -p "$logs/$name"
	cp "$tree"/root/coroclient/build/{config.log,test/*.log,test/unit/*.log} \
		"$logs/$name/" 2>/dev/null
	say "$name: failed; its logs are in $logs/$name/"
}

tree_end()
{
	if [[ ${KEEP-} && -d $tree ]]; then
		say "$name: its tree is $tree"
	else
		rm -rf --one-file-system "$tree"
	fi
}

tree_check()
{
	name=$1
	log=$logs/$name.log
	: >"$log" || die "cannot write $log"
	rm -rf "${logs:?}/$name"
	tree_settings_clear
	tree_set "$name"
	times=
	tree=$work/$name
	result=passed
	if is_served; then
		commands_run || logs_keep
		tree_end
	else
		say "$name: $result"
		[[ $needed ]] && result="failed: $result"
	fi
	[[ $result != failed* ]] || failed+=" $name"
	summary+=$(printf '  %-9s %s%s' "$name" "$result" "${times:+:$times}")$'\n'
}

# Kills the running command, as it may take long.
clean_up()
{
	trap '' HUP INT TERM
	if [[ $child ]]; then
		kill -KILL "$child"
		wait "$child"
	fi 2>/dev/null
	[[ $tree ]] && tree_end
	[[ ${KEEP-} ]] || rm -rf --one-file-system "$work"
}

program_need()
{
	type -P "$2" >/dev/null || die "no $2; install the package $1"
}

machine_check()
{
	local name

	native=$(dpkg --print-architecture) || die "this is not Debian"
	[[ " $* " != *" i386 "* ]] || program_need arch-test arch-test
	for name; do
		tree_settings_clear
		tree_set "$name" || die "no '$name'; the names are: ${all[*]}"
	done
	((EUID == 0)) || die "run this as root"
	program_need mmdebstrap mmdebstrap
}

# Sets "source", "logs" and "mirror".
places_find()
{
	source=$(cd "$(dirname "$0")/.." && pwd) || exit
	logs=${LOGS:-$source/build/$label}
	mkdir -p "$logs" || die "cannot write to $logs"
	logs=$(realpath "$logs")
	mirror=${MIRROR-}
	# shellcheck disable=SC2016
	[[ $mirror ]] || mirror=$(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' 'Label: Debian' | head -n 1)
	[[ $mirror ]] || die "apt's sources have no archive of Debian: run" \
		"'apt-get update', or set MIRROR"
}

work_begin()
{
	child=
	tree=
	work=$(mktemp -d) || exit
	trap clean_up EXIT
	trap 'die "ended by SIGHUP"' HUP
	trap 'die "ended by SIGINT"' INT
	trap 'die "ended by SIGTERM"' TERM
	chmod 755 "$work"
	apt_settings_print >"$work/apt.conf"
}

trees_main()
{
	case ${1-} in
	@tree) shift && stage_tree "$@" ;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	esac
	(($#)) || set -- "${all[@]}"
	machine_check "$@"
	places_find
	work_begin
	failed=
	summary=
	reached=
	for name; do
		tree_check "$name"
	done
	echo
	say "summary, in minutes and seconds"
	echo "${summary//,$'\n'/$'\n'}"
	[[ ! $failed ]] || die "${failed# }"
	[[ $reached ]] || die "cannot reach $mirror"
	say "everything passed that could be run."
}
