/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "process.h"
#include "stream.h"

#define MESSAGE_MAX (3 * 1024 * 1024)

/* If more has not come back, the daemon may discard messages. */
#define FLIGHT_MAX 16
#define FLIGHT_BYTES (16 * 1024)

struct head {
	uint64_t sum;		/* of all that follows */
	uint32_t incarnation;
	uint32_t number;
	uint32_t len;		/* of the whole message, in bytes */
	uint32_t nodeid;
	uint32_t pid;
	uint32_t group;
};

static char message[MESSAGE_MAX];

/* Of all streams. */
static uint32_t flight, flight_bytes;

static uint64_t sum_make(const char *bytes, size_t len)
{
	uint64_t sum = len, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3;
	}
	for (; len > 0; bytes++, len--)
		sum = (sum ^ (unsigned char)*bytes) * 0x100000001b3;
	return sum;
}

uint32_t name_sum(const struct cpg_name *name)
{
	return (uint32_t)sum_make(name->value, name->length);
}

void stream_begin(struct stream *stream, uint32_t nodeid, uint32_t pid)
{
	stream->nodeid = nodeid;
	stream->pid = pid;
	stream->incarnation++;
	stream->number = 0;
	stream->is_pending = false;
}

void stream_end(struct stream *stream)
{
	flight -= stream->flight;
	flight_bytes -= stream->flight_bytes;
	stream->flight = stream->flight_bytes = 0;
}

bool streams_have_room(void)
{
	return flight < FLIGHT_MAX && flight_bytes < FLIGHT_BYTES;
}

/* An empty message has no number. Others have room for the head. */
static uint32_t len_choose(void)
{
	static const uint32_t limits[] = { 0, 100, 100, 100, 100, 100, 1000,
					   1000, 1000, 8000, 8000, 50000,
					   50000, 200000, 1100000,
					   MESSAGE_MAX - sizeof(struct head) };
	uint32_t limit = limits[random_below(16)];

	if (limit >= 200000 && random_below(4) != 0)
		limit = 1000;
	return limit ? (uint32_t)sizeof(struct head) + random_below(limit) : 0;
}

static void message_fill(const struct stream *stream)
{
	struct head head = {
		.incarnation = stream->incarnation,
		.number = stream->number,
		.len = stream->len,
		.nodeid = stream->nodeid,
		.pid = stream->pid,
		.group = name_sum(&stream->group),
	};

	memset(message, (int)stream->number, stream->len);
	memcpy(message, &head, sizeof(head));
	head.sum = sum_make(message + sizeof(head.sum),
			    stream->len - sizeof(head.sum));
	memcpy(message, &head.sum, sizeof(head.sum));
}

static const char *number_format(const struct stream *stream)
{
	static char number[32];

	if (stream->len == 0)
		return "empty";
	snprintf(number, sizeof(number), "%u.%u", stream->incarnation,
		 stream->number);
	return number;
}

struct iovec stream_next(struct stream *stream)
{
	if (!stream->is_pending)
		stream->len = len_choose();
	stream->is_pending = true;
	if (stream->len > 0)
		message_fill(stream);
	event_log(stream->group.value, "send %s %u", number_format(stream),
		  stream->len);
	return (struct iovec){ .iov_base = message, .iov_len = stream->len };
}

void stream_sent(struct stream *stream)
{
	event_log(stream->group.value, "sent %s", number_format(stream));
	stream->is_pending = false;
	stream->flight++;
	stream->flight_bytes += stream->len;
	flight++;
	flight_bytes += stream->len;
	stream->number += stream->len > 0;
}

/* A message that was not accepted may come back, too. */
static void message_return(struct stream *stream, size_t len)
{
	if (stream->flight == 0)
		return;
	stream->flight--;
	stream->flight_bytes -= (uint32_t)len;
	flight--;
	flight_bytes -= (uint32_t)len;
}

void stream_deliver(struct stream *stream, uint32_t nodeid, uint32_t pid,
		    const void *data, size_t len)
{
	const char *group = stream->group.value;
	struct head head = { .sum = 0 };
	bool good;

	if (nodeid == stream->nodeid && pid == stream->pid)
		message_return(stream, len);
	if (len == 0) {
		event_log(group, "deliver %u.%u empty 0 good", nodeid, pid);
		return;
	}
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	good = len >= sizeof(head) && head.len == len &&
	       head.nodeid == nodeid && head.pid == pid &&
	       head.group == name_sum(&stream->group) &&
	       head.sum == sum_make((const char *)data + sizeof(head.sum),
				    len - sizeof(head.sum));
	event_log(group, "deliver %u.%u %u.%u %zu %s", nodeid, pid,
		  head.incarnation, head.number, len, good ? "good" : "bad");
}
