/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The control file of socket IPC, which server and client share. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

struct control_channel {
	_Atomic int32_t sent;		/* datagrams that were not taken yet */
	_Atomic int32_t flow_control;	/* of requests */
};

struct control {
	struct control_channel request;
	struct control_channel reply;
	struct control_channel event;
};

/* Map the existing control file at @path; returns NULL on errors. */
struct control *control_map(const char *path);
void control_unmap(struct control *control);

#endif
