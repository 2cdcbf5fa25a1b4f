/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* Events as the daemon sends them; the padding is not zero. */
#ifndef WIRE_TEST_H
#define WIRE_TEST_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_MAX 2048
#define GROUP "a group"
#define RING_NODE 0x0a0b0c0d
#define RING_SEQ UINT64_C(0x1122334455667788)

struct wire {
	size_t size;
	unsigned char bytes[WIRE_MAX];
};

/* The header. */
void wire_begin(struct wire *wire, int32_t id, size_t size);

/*
 * Three members, two that left, one that joined: nodes 101 and on, pids 201
 * and on, reasons 0 and on.
 */
void wire_confchg(struct wire *wire);

/* "thirteen byte" from 0x11223344, 0x55667788. */
void wire_deliver(struct wire *wire);

/* "eleven byte" from the same, the second of 3 000 000 000 bytes. */
void wire_partial(struct wire *wire);

/* The ring above; nodes 301 to 305. */
void wire_totem(struct wire *wire);

/* Quorate; the seq of the ring above; nodes 401 to 405. */
void wire_notification(struct wire *wire);

/* The same, and the node of the ring. */
void wire_quorum(struct wire *wire);

/* The ring above; members 501 to 503, joined 504, left 505 and 506. */
void wire_nodelist(struct wire *wire);

#endif
