/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <stdlib.h>
#include <string.h>

#include "backlog.h"

#define ROOM_MIN 64

/* Of a longer message, only so many bytes at each end recognize it. */
#define MARK_MAX 512

#define SUM_BEGIN UINT64_C(0xcbf29ce484222325)

/* A multiplication, not a strong hash: a sender does not attack itself. */
static uint64_t sum_word(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

static uint64_t sum_bytes(uint64_t sum, const char *bytes, size_t len)
{
	uint64_t word = 0;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = sum_word(sum, word);
		bytes += sizeof(word);
	}
	if (len == 0)
		return sum;
	word = 0;
	memcpy(&word, bytes, len);
	return sum_word(sum, word);
}

static size_t iov_size(const struct iovec *iov, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += iov[i].iov_len;
	return size;
}

/* Copies bytes of the message from @offset on. */
static void iov_copy(const struct iovec *iov, size_t offset, char *ret_bytes,
		     size_t len)
{
	size_t part;

	for (; len > 0; iov++) {
		if (offset >= iov->iov_len) {
			offset -= iov->iov_len;
			continue;
		}
		part = iov->iov_len - offset;
		part = part < len ? part : len;
		memcpy(ret_bytes, (char *)iov->iov_base + offset, part);
		ret_bytes += part;
		len -= part;
		offset = 0;
	}
}

struct backlog_mark backlog_mark_iov(const struct iovec *iov, size_t count)
{
	struct backlog_mark mark = { .sum = SUM_BEGIN };
	char ends[2 * MARK_MAX];
	size_t part;

	if (count == 1)
		return backlog_mark_bytes(iov->iov_base, iov->iov_len);
	mark.len = iov_size(iov, count);
	if (mark.len <= sizeof(ends)) {
		iov_copy(iov, 0, ends, mark.len);
		return backlog_mark_bytes(ends, mark.len);
	}
	part = MARK_MAX;
	iov_copy(iov, 0, ends, part);
	iov_copy(iov, mark.len - part, ends + part, part);
	mark.sum = sum_bytes(mark.sum, ends, 2 * part);
	return mark;
}

struct backlog_mark backlog_mark_bytes(const void *bytes, size_t len)
{
	struct backlog_mark mark = { .sum = SUM_BEGIN, .len = len };

	if (len <= 2 * MARK_MAX) {
		mark.sum = sum_bytes(mark.sum, bytes, len);
		return mark;
	}
	mark.sum = sum_bytes(mark.sum, bytes, MARK_MAX);
	mark.sum = sum_bytes(mark.sum, (const char *)bytes + len - MARK_MAX,
			     MARK_MAX);
	return mark;
}

static struct backlog_entry *entry_at(const struct backlog *backlog,
				      size_t index)
{
	return &backlog->entries[(backlog->first + index) % backlog->room];
}

static bool room_grow(struct backlog *backlog)
{
	size_t room = backlog->room ? 2 * backlog->room : ROOM_MIN;
	struct backlog_entry *entries = calloc(room, sizeof(*entries));

	if (entries == NULL)
		return false;
	for (size_t i = 0; i < backlog->used; i++)
		entries[i] = *entry_at(backlog, i);
	free(backlog->entries);
	backlog->entries = entries;
	backlog->room = room;
	backlog->first = 0;
	return true;
}

uint64_t backlog_begin(struct backlog *backlog,
		       const struct backlog_mark *mark)
{
	if (backlog->used == backlog->room && !room_grow(backlog))
		return 0;
	*entry_at(backlog, backlog->used++) = (struct backlog_entry){
		.mark = *mark,
		.begin = ++backlog->time,
	};
	backlog->count++;
	backlog->bytes += mark->len + BACKLOG_OVERHEAD;
	return backlog->time;
}

static void entry_remove(struct backlog *backlog, struct backlog_entry *entry)
{
	entry->is_gone = true;
	backlog->count--;
	backlog->bytes -= entry->mark.len + BACKLOG_OVERHEAD;
}

/* The entries that are gone keep their places until they are the oldest. */
static void entries_trim(struct backlog *backlog)
{
	while (backlog->used > 0 && entry_at(backlog, 0)->is_gone) {
		backlog->first = (backlog->first + 1) % backlog->room;
		backlog->used--;
	}
}

/* The newest entries first: the caller has just begun it. */
static struct backlog_entry *entry_find(const struct backlog *backlog,
					uint64_t begin)
{
	struct backlog_entry *entry;

	for (size_t i = backlog->used; i > 0; i--) {
		entry = entry_at(backlog, i - 1);
		if (entry->begin == begin && !entry->is_gone)
			return entry;
		if (entry->begin <= begin)
			return NULL;
	}
	return NULL;
}

void backlog_end(struct backlog *backlog, uint64_t begin)
{
	struct backlog_entry *entry = entry_find(backlog, begin);

	if (entry != NULL)
		entry->end = ++backlog->time;
}

void backlog_cancel(struct backlog *backlog, uint64_t begin)
{
	struct backlog_entry *entry = entry_find(backlog, begin);

	if (entry == NULL)
		return;
	entry_remove(backlog, entry);
	entries_trim(backlog);
}

static size_t lost_remove(struct backlog *backlog, uint64_t begin)
{
	struct backlog_entry *entry;
	size_t lost = 0;

	for (size_t i = 0; i < backlog->used; i++) {
		entry = entry_at(backlog, i);
		if (entry->begin >= begin)
			break;
		if (entry->is_gone || entry->end == 0 || entry->end > begin)
			continue;
		entry_remove(backlog, entry);
		lost++;
	}
	return lost;
}

bool backlog_return(struct backlog *backlog, const struct backlog_mark *mark,
		    size_t *ret_lost)
{
	struct backlog_entry *entry;

	*ret_lost = 0;
	for (size_t i = 0; i < backlog->used; i++) {
		entry = entry_at(backlog, i);
		if (entry->is_gone || entry->mark.sum != mark->sum ||
		    entry->mark.len != mark->len)
			continue;
		entry_remove(backlog, entry);
		*ret_lost = lost_remove(backlog, entry->begin);
		entries_trim(backlog);
		return true;
	}
	return false;
}

size_t backlog_clear(struct backlog *backlog)
{
	size_t ended = 0;

	for (size_t i = 0; i < backlog->used; i++)
		ended += !entry_at(backlog, i)->is_gone &&
			 entry_at(backlog, i)->end != 0;
	backlog->used = backlog->count = backlog->bytes = 0;
	return ended;
}

void backlog_free(struct backlog *backlog)
{
	free(backlog->entries);
}
