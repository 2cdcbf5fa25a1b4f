/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A handle of the library in one group with raw peers. It has to deliver their
 * valid messages, and nothing else.
 */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <stdbool.h>

#include "raw.h"

/* A handle in the group, with or without a callback for changes of it. */
cpg_handle_t receiver_open(const struct cpg_name *group, bool confchg);

/*
 * Let the peer join and send a message: the daemon refuses fragments that are
 * not the first of a message until the peer has sent a whole one. Returns
 * without pending events.
 */
void receiver_meet(cpg_handle_t handle, const struct peer *peer,
		 const struct cpg_name *group);

/* Dispatch until that many messages are recorded. */
void receiver_await(cpg_handle_t handle, size_t messages);

/* No event is pending. */
void receiver_assert_idle(cpg_handle_t handle);

/* The n-th message is that pattern, from that peer. */
void receiver_assert_message(size_t n, const struct peer *peer, size_t len,
			   uint32_t seed);

/*
 * A small and a large message of the peer are delivered as they were sent, and
 * before them @before valid ones, but nothing of the malformed data that @what
 * describes.
 */
void receiver_assert_well(cpg_handle_t handle, const struct peer *peer,
			size_t before, const char *what);

#endif
