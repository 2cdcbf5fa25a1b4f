/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * What a session costs: the loops of loop.c with one. Upstream has no
 * libcoroclient, so it is loaded at run time.
 */

#include <coroclient/session.h>
#include <dlfcn.h>
#include <err.h>
#include <pthread.h>
#include <string.h>

#include "measures.h"
#include "messages.h"
#include "support.h"

static __typeof__(&coro_open) open_function;
static __typeof__(&coro_join) join_function;
static __typeof__(&coro_send) send_function;
static __typeof__(&coro_dispatch) dispatch_function;
static __typeof__(&coro_close) close_function;

static struct coro_session *session;
static struct coro_group *group;
static unsigned long count, joins;

static void *function_get(void *library, const char *name)
{
	void *function = dlsym(library, name);

	if (function == NULL)
		errx(1, "%s", dlerror());
	return function;
}

static void library_load(void)
{
	void *library = dlopen("libcoroclient.so.1", RTLD_NOW);

	if (library == NULL)
		errx(1, "%s", dlerror());
	open_function = function_get(library, "coro_open");
	join_function = function_get(library, "coro_join");
	send_function = function_get(library, "coro_send");
	dispatch_function = function_get(library, "coro_dispatch");
	close_function = function_get(library, "coro_close");
}

static void change_count(struct coro_session *of, struct coro_group *in,
			 const struct coro_change *change)
{
	(void)of;
	(void)in;
	joins += change->joined_count;
}

static void message_count(struct coro_session *of, struct coro_group *in,
			  const struct coro_sender *sender, void *msg,
			  size_t len)
{
	(void)of;
	(void)in;
	message_deliver_ordered(0, NULL, sender->nodeid, sender->pid, msg, len);
}

static void session_begin(char **arguments)
{
	const struct coro_events events = {
		.size = sizeof(events),
		.members = change_count,
		.message = message_count,
	};
	struct cpg_name name = group_name(0);

	library_load();
	messages_begin(number_parse(arguments[0], sizeof(messages.sent)));
	count = number_parse(arguments[1], 1);
	INSIST(open_function(&session, &events, NULL, NULL));
	INSIST(join_function(session, name.value, name.length, &group, -1));
	while (joins == 0)
		INSIST(dispatch_function(session, -1));
}

static cs_error_t session_send(int timeout_ms)
{
	cs_error_t error;

	memcpy(messages.message.iov_base, &messages.sent,
	       sizeof(messages.sent));
	error = send_function(group, &messages.message, 1, timeout_ms);
	if (error == CS_OK)
		messages.sent++;
	else if (error != CS_ERR_TIMEOUT)
		errx(1, "coro_send: error %d", error);
	return error;
}

static void *messages_send(void *data)
{
	(void)data;
	while (messages.sent < count)
		session_send(-1);
	return NULL;
}

void measure_session_loop(char **arguments)
{
	struct usage usage;
	pthread_t sender;

	session_begin(arguments);
	usage = usage_get();
	if (pthread_create(&sender, NULL, messages_send, NULL) != 0)
		errx(1, "cannot create a thread");
	while (messages.delivered < count)
		INSIST(dispatch_function(session, -1));
	pthread_join(sender, NULL);
	usage_print(&usage, count);
	close_function(session);
}

void measure_session_single(char **arguments)
{
	struct usage usage;

	session_begin(arguments);
	usage = usage_get();
	while (messages.delivered < count) {
		while (messages.sent < count && session_send(0) == CS_OK)
			;
		INSIST(dispatch_function(session, -1));
	}
	usage_print(&usage, count);
	close_function(session);
}
