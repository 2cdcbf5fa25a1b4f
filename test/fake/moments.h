/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * A hook before and after each bind and connect of this process, including
 * those of the library.
 */
#ifndef MOMENTS_H
#define MOMENTS_H

/* Called at each of them, but not for calls inside the hook; or NULL. */
extern void (*moment_hook)(void);

#endif
