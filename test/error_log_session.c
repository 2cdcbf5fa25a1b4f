/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/* The functions of sessions, with a log of their errors. */

#include "error_log_session.h"

#define LOGGED(function, parameters, arguments)                                \
	ERROR_LOG_WRAP(function, parameters, __real_##function arguments)

SESSION_CALLS(LOGGED)
