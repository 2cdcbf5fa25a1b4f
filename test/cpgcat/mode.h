/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#ifndef CPGCAT_MODE_H
#define CPGCAT_MODE_H

#include "connection.h"

/* What cpgcat does with a connection. */
struct mode {
	cpg_model_v1_data_t model;

	/* Returns true at the end, and false if the daemon is gone. */
	bool (*run)(const struct connection *connection);
};

extern const struct mode mode_join, mode_list, mode_watch;

#endif
