/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "call.h"
#include "options.h"
#include "stop.h"
#include <err.h>
#include <stdio.h>
#include <string.h>

static char lost[128];

static const char *error_name(cs_error_t error)
{
	static const char *const names[] = {
		[CS_ERR_LIBRARY] = "CS_ERR_LIBRARY, no connection to corosync",
		[CS_ERR_INVALID_PARAM] = "CS_ERR_INVALID_PARAM",
		[CS_ERR_NO_MEMORY] = "CS_ERR_NO_MEMORY",
		[CS_ERR_ACCESS] = "CS_ERR_ACCESS, not permitted",
		[CS_ERR_EXIST] = "CS_ERR_EXIST",
		[CS_ERR_NO_SPACE] = "CS_ERR_NO_SPACE, is /dev/shm full?",
		[CS_ERR_TOO_BIG] = "CS_ERR_TOO_BIG",
	};
	size_t count = sizeof(names) / sizeof(names[0]);

	if (error >= count || names[error] == NULL)
		return "";
	return names[error];
}

bool call_check(const char *call, cs_error_t error)
{
	char text[sizeof(lost)];

	if (error == CS_OK)
		return true;
	/* An interrupted message was not delivered, and is sent again. */
	if (error == CS_ERR_TRY_AGAIN || error == CS_ERR_INTERRUPT)
		return false;
	snprintf(text, sizeof(text), "%.*s: error %d %s",
		 (int)strcspn(call, "("), call, error, error_name(error));
	if (error != CS_ERR_LIBRARY || !options.reconnect)
		errx(1, "%s", text);
	memcpy(lost, text, sizeof(lost));
	return false;
}

bool call_may_retry(void)
{
	return call_lost() == NULL && !stop_wait(RETRY_MS_MAX);
}

const char *call_lost(void)
{
	return lost[0] != '\0' ? lost : NULL;
}

void call_lost_reset(void)
{
	lost[0] = '\0';
}
