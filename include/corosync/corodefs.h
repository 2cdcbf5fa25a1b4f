/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Constants that corosync's daemon and its clients share. */
#ifndef CORODEFS_H_DEFINED
#define CORODEFS_H_DEFINED

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ids of the daemon's services. */
enum corosync_service_types {
	CMAP_SERVICE = 0,	/* the configuration map */
	CFG_SERVICE = 1,	/* control of the daemon */
	CPG_SERVICE = 2,	/* closed process groups */
	QUORUM_SERVICE = 3,	/* quorum state */
	PLOAD_SERVICE = 4,	/* test load */
	VOTEQUORUM_SERVICE = 5, /* quorum by votes */
	MON_SERVICE = 6,	/* resource monitoring */
	WD_SERVICE = 7		/* the watchdog */
};

/* The largest number of nodes in a cluster. */
#ifdef HAVE_SMALL_MEMORY_FOOTPRINT
#define PROCESSOR_COUNT_MAX 16
#else
#define PROCESSOR_COUNT_MAX 384
#endif

/* The size of a node's address, in bytes; large enough for IPv6. */
#define TOTEMIP_ADDRLEN (sizeof(struct in6_addr))

#ifdef __cplusplus
}
#endif

#endif
