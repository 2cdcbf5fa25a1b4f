/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The moments before and after each bind and connect of this process, the
 * library's included.
 */
#ifndef MOMENTS_H
#define MOMENTS_H

/* Called at each moment; NULL: nothing is. Not for calls in the hook. */
extern void (*moment_hook)(void);

#endif
