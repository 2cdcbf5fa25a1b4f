/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "handshake.h"
#include "session_reason.h"

#define SHM "/dev/shm"

/* Three rings of the largest message. */
#define CPG_NEEDS_KIB 3072
#define QUORUM_NEEDS_KIB 192

static void library_write(const char *service, char *why, size_t size)
{
	uid_t uid;
	int res = handshake_peer(service, &uid);

	if (res == -ECONNREFUSED)
		snprintf(why, size, "no corosync on this node (connection "
			 "refused); is it running?");
	else if (res == -EMFILE || res == -ENFILE)
		snprintf(why, size, "no free file descriptors: %s",
			 strerror(-res));
	else if (res < 0)
		snprintf(why, size, "cannot connect to the %s service of "
			 "corosync: %s", service, strerror(-res));
	else
		snprintf(why, size, "corosync is running, but the connection "
			 "to its %s service failed", service);
}

static void access_write(const char *service, char *why, size_t size)
{
	uid_t uid;

	if (handshake_peer(service, &uid) == 0 && !handshake_accepts(uid))
		snprintf(why, size, "the server on corosync's socket runs as "
			 "uid %u, not root", (unsigned int)uid);
	else
		snprintf(why, size, "corosync does not admit uid %u: add "
			 "uidgid { uid: %u } to corosync.conf",
			 (unsigned int)geteuid(), (unsigned int)geteuid());
}

static void space_write(const char *service, char *why, size_t size)
{
	unsigned int needs = strcmp(service, "cpg") == 0 ? CPG_NEEDS_KIB :
							   QUORUM_NEEDS_KIB;
	struct statvfs shm;

	if (statvfs(SHM, &shm) != 0)
		snprintf(why, size, SHM " is full (needs %u KiB)", needs);
	else
		snprintf(why, size, SHM " is full (needs %u KiB, has %llu KiB)",
			 needs, (unsigned long long)shm.f_bavail *
					shm.f_frsize / 1024);
}

void reason_write(const char *service, cs_error_t error, char *ret_why,
		  size_t size)
{
	switch (error) {
	case CS_ERR_LIBRARY:
		library_write(service, ret_why, size);
		break;
	case CS_ERR_ACCESS:
		access_write(service, ret_why, size);
		break;
	case CS_ERR_NO_SPACE:
		space_write(service, ret_why, size);
		break;
	case CS_ERR_TRY_AGAIN:
		snprintf(ret_why, size, "corosync is starting, synchronizes "
			 "with other nodes, or is overloaded");
		break;
	case CS_ERR_NO_MEMORY:
		snprintf(ret_why, size, "memory ran out");
		break;
	case CS_ERR_EXIST:
		snprintf(ret_why, size, "this process has joined the group "
			 "with another handle or session");
		break;
	default:
		snprintf(ret_why, size, "cannot use the %s service of "
			 "corosync: %s", service, cs_strerror(error));
	}
}

void reason_write_loss(cs_error_t error, char *ret_why, size_t size)
{
	const char *how = "it was restarted, or closed the connection";
	uid_t uid;

	if (error == CS_ERR_NO_MEMORY)
		how = "memory ran out for an event";
	else if (handshake_peer("quorum", &uid) == -ECONNREFUSED)
		how = "it ended";
	snprintf(ret_why, size, "lost connection to corosync: %s", how);
}
