/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * An event becomes pending when it is announced: by a byte with shm IPC, by a
 * count with socket IPC.
 */

#include <string.h>
#include <unistd.h>

#include "../unit/wire.h"
#include "client.h"
#include "suites.h"

#define MANY 500

static cpg_handle_t handle;
static int fd;

static void doorbell_setup(void)
{
	server_setup();
	handle = fake_open();
	fd = fake_fd(handle);
}

static void doorbell_teardown(void)
{
	fake_close(handle, CS_OK);
	server_teardown();
}

static void event_put(void)
{
	struct wire wire;

	wire_deliver(&wire);
	server_event_put(wire.bytes, wire.size);
}

static void event_send(void)
{
	struct wire wire;

	wire_deliver(&wire);
	server_event(wire.bytes, wire.size);
}

static bool mode_waits(int mode)
{
	return mode == CS_DISPATCH_ONE || mode == CS_DISPATCH_BLOCKING;
}

/* The result of a mode that does not wait if no event is pending. */
static cs_error_t mode_empty(int mode)
{
	return mode == CS_DISPATCH_ALL ? CS_OK : CS_ERR_TRY_AGAIN;
}

/* Nothing is pending: dispatch knows it, and sees the next event. */
static void quiet_assert(int mode)
{
	size_t before = events_count();
	struct caller caller;

	if (mode_waits(mode)) {
		caller_dispatch_asleep(&caller, handle, mode);
		idle_assert();
		ck_assert(!fd_is_readable(fd));
		ck_assert(!caller.done);
		event_send();
		wait_for(events_count() == before + 1);
		if (mode == CS_DISPATCH_BLOCKING)
			server_hang_up();
		caller_join(&caller);
	} else {
		assert_cs(mode_empty(mode), cpg_dispatch(handle, mode));
		ck_assert(!fd_is_readable(fd));
		event_send();
		assert_cs(CS_OK, cpg_dispatch(handle, mode));
	}
	ck_assert_uint_eq(events_count(), before + 1);
}

/* The rest of a test that has a dispatcher in BLOCKING: it has to end. */
static void finish(int mode)
{
	if (mode == CS_DISPATCH_BLOCKING) {
		assert_cs(CS_ERR_LIBRARY, cpg_finalize(handle));
		server_stop();
		handle = fake_open();
	}
}

/* An event is pending when its byte is there: poll and dispatch agree. */
START_TEST(byte_late)
{
	struct caller caller;

	event_put();
	ck_assert(!fd_is_readable(fd));
	if (mode_waits(_i)) {
		caller_dispatch_asleep(&caller, handle, _i);
		idle_assert();
		ck_assert(!caller.done);
	} else {
		assert_cs(mode_empty(_i), cpg_dispatch(handle, _i));
	}
	ck_assert_uint_eq(events_count(), 0);
	ck_assert(!fd_is_readable(fd));
	server_announce(1);
	if (!mode_waits(_i))
		assert_cs(CS_OK, cpg_dispatch(handle, _i));
	wait_for(events_count() == 1);
	wait_for(!fd_is_readable(fd));
	if (_i == CS_DISPATCH_BLOCKING)
		server_hang_up();
	if (mode_waits(_i))
		caller_join(&caller);
	else
		quiet_assert(_i);
	finish(_i);
}
END_TEST

/* The fd would stay readable, for nothing. */
START_TEST(announced_without_event)
{
	struct caller caller;

	server_announce(1);
	if (mode_waits(_i)) {
		caller_dispatch_asleep(&caller, handle, _i);
		idle_assert();
		ck_assert(!caller.done);
	} else {
		assert_cs(mode_empty(_i), cpg_dispatch(handle, _i));
	}
	ck_assert(!fd_is_readable(fd));
	event_send();
	if (!mode_waits(_i))
		assert_cs(CS_OK, cpg_dispatch(handle, _i));
	wait_for(events_count() == 1);
	wait_for(!fd_is_readable(fd));
	if (_i == CS_DISPATCH_BLOCKING)
		server_hang_up();
	if (mode_waits(_i))
		caller_join(&caller);
	else
		quiet_assert(_i);
	finish(_i);
}
END_TEST

START_TEST(many_announced_without_events)
{
	struct caller caller;

	server_announce(MANY);
	caller_dispatch_asleep(&caller, handle, CS_DISPATCH_ONE);
	wait_for(!fd_is_readable(fd));
	idle_assert();
	ck_assert_uint_eq(events_count(), 0);
	ck_assert(!caller.done);
	event_send();
	assert_cs(CS_OK, caller_join(&caller));
	ck_assert_uint_eq(events_count(), 1);
	ck_assert(!fd_is_readable(fd));
	event_send();
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 2);
}
END_TEST

/* What a daemon does whose client was slow to read. */
START_TEST(bytes_in_a_lump)
{
	const cs_dispatch_flags_t mode = (cs_dispatch_flags_t)_i;
	size_t i;

	for (i = 0; i < MANY; i++)
		event_put();
	server_announce(MANY);
	for (i = 0; i < MANY; i = events_count()) {
		ck_assert(fd_is_readable(fd));
		assert_cs(CS_OK, cpg_dispatch(handle, mode));
		ck_assert(events_count() == i + 1 || mode == CS_DISPATCH_ALL);
	}
	ck_assert_uint_eq(events_count(), MANY);
	ck_assert(!fd_is_readable(fd));
	quiet_assert(_i);
}
END_TEST

/* The daemon owes them, and sends them together when there is room. */
START_TEST(bytes_late)
{
	size_t i;

	for (i = 0; i < MANY; i++)
		event_put();
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), 0);
	server_announce(MANY);
	assert_cs(CS_OK, cpg_dispatch(handle, CS_DISPATCH_ALL));
	ck_assert_uint_eq(events_count(), MANY);
	ck_assert(!fd_is_readable(fd));
	quiet_assert(_i);
	finish(_i);
}
END_TEST

/* In the callbacks of three events. */
static void readable_check(struct event *event)
{
	(void)event;
	if (events_count() < 3)
		ck_assert(fd_is_readable(fd));
}

START_TEST(readable_while_pending)
{
	struct caller caller;

	event_hook = readable_check;
	for (int i = 0; i < 3; i++)
		event_send();
	if (_i == CS_DISPATCH_BLOCKING) {
		caller_dispatch_asleep(&caller, handle, _i);
		wait_for(events_count() == 3);
		wait_for(!fd_is_readable(fd));
		server_hang_up();
		assert_cs(CS_ERR_LIBRARY, caller_join(&caller));
	}
	while (events_count() < 3) {
		assert_cs(CS_OK, cpg_dispatch(handle, _i));
		ck_assert_int_eq(fd_is_readable(fd), events_count() < 3);
	}
	event_hook = NULL;
	finish(_i);
}
END_TEST

static atomic_bool lingering;

static void linger(struct event *event)
{
	(void)event;
	lingering = true;
	for (;;)
		pause();
}

/* The fd is readable while there are other events. */
START_TEST(batch_is_cancelled)
{
	struct caller caller;

	event_hook = linger;
	for (int i = 0; i < _i; i++)
		event_send();
	caller_dispatch_asleep(&caller, handle, CS_DISPATCH_ALL);
	wait_for(lingering);
	pthread_cancel(caller.thread);
	pthread_join(caller.thread, NULL);
	event_hook = NULL;
	for (int i = 1; i < _i; i++) {
		ck_assert(fd_is_readable(fd));
		assert_cs(CS_OK,
			  cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	}
	ck_assert_uint_eq(events_count(), (size_t)_i);
	ck_assert(!fd_is_readable(fd));
	quiet_assert(CS_DISPATCH_ONE);
}
END_TEST

Suite *doorbell_suite(void)
{
	Suite *suite = suite_create("doorbell");
	TCase *tcase = case_add(suite, "doorbell");

	tcase_add_checked_fixture(tcase, doorbell_setup, doorbell_teardown);
	tcase_add_loop_test(tcase, announced_without_event, 1, MODES + 1);
	tcase_add_test(tcase, many_announced_without_events);
	tcase_add_loop_test(tcase, readable_while_pending, 1, MODES + 1);
	tcase_add_loop_test(tcase, batch_is_cancelled, 1, 4);
	if (ipc_is_socket())
		return suite;
	tcase_add_loop_test(tcase, byte_late, 1, MODES + 1);
	tcase_add_loop_test(tcase, bytes_in_a_lump, CS_DISPATCH_ONE,
			    CS_DISPATCH_ALL + 1);
	tcase_add_loop_test(tcase, bytes_in_a_lump,
			    CS_DISPATCH_ONE_NONBLOCKING,
			    CS_DISPATCH_ONE_NONBLOCKING + 1);
	tcase_add_loop_test(tcase, bytes_late, 1, MODES + 1);
	return suite;
}
