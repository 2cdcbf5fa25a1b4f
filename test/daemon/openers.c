/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "openers.h"
#include "events.h"
#include "support.h"

static cs_error_t cpg_initialize_plain(uint64_t *handle)
{
	return cpg_initialize(handle, &events_cpg);
}

static cs_error_t cpg_initialize_model(uint64_t *handle)
{
	return cpg_model_initialize(handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)&events_cpg_v1, NULL);
}

static cs_error_t quorum_initialize_plain(uint64_t *handle)
{
	uint32_t type;

	return quorum_initialize(handle, &events_quorum, &type);
}

static cs_error_t quorum_initialize_model(uint64_t *handle)
{
	uint32_t type;

	return quorum_model_initialize(handle, QUORUM_MODEL_V1,
				       (quorum_model_data_t *)&events_quorum_v1,
				       &type, NULL);
}

static cs_error_t cpg_ask(uint64_t handle)
{
	unsigned int nodeid;

	return cpg_local_get(handle, &nodeid);
}

static cs_error_t quorum_ask(uint64_t handle)
{
	int quorate;

	return quorum_getquorate(handle, &quorate);
}

const struct opener openers[OPENERS] = {
	{ cpg_initialize_plain, cpg_finalize, cpg_ask },
	{ cpg_initialize_model, cpg_finalize, cpg_ask },
	{ quorum_initialize_plain, quorum_finalize, quorum_ask },
	{ quorum_initialize_model, quorum_finalize, quorum_ask },
};

void opener_assert(const struct opener *opener, cs_error_t want)
{
	uint64_t handle = 0;

	assert_cs(want, patiently(opener->initialize(&handle)));
	if (want != CS_OK)
		ck_assert_uint_eq(handle, 0);
	assert_cs(want == CS_OK ? CS_OK : CS_ERR_BAD_HANDLE,
		  opener->finalize(handle));
}
