/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Handle databases under corosync's old names: each is a function of libqb's
 * qb/qbhdb.h, where they are described, and needs -lqb. A database counts
 * references to its objects; it has no lock of its own, so that a caller with
 * several threads has to bring one. They return 0 or a negated errno, which
 * hdb_error_to_cs(3) translates. New programs have no need for this.
 */
#ifndef HDB_H_DEFINED
#define HDB_H_DEFINED

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <qb/qbhdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What stands for an object. */
typedef qb_handle_t hdb_handle_t;

/* For printf: a handle, decimal or hexadecimal. */
#define HDB_D_FORMAT QB_HDB_D_FORMAT
#define HDB_X_FORMAT QB_HDB_X_FORMAT

/* struct hdb_handle_database is libqb's. */
#define hdb_handle_database qb_hdb

/* Define a static database: its name, and a destructor or NULL. */
#define DECLARE_HDB_DATABASE QB_HDB_DECLARE

/* Take a lock that the caller keeps with a database. */
static inline void hdb_database_lock(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
}

/* Release it. */
static inline void hdb_database_unlock(pthread_mutex_t *mutex)
{
	pthread_mutex_unlock(mutex);
}

/* Make it. */
static inline void hdb_database_lock_init(pthread_mutex_t *mutex)
{
	pthread_mutex_init(mutex, NULL);
}

/* Unmake it. */
static inline void hdb_database_lock_destroy(pthread_mutex_t *mutex)
{
	pthread_mutex_destroy(mutex);
}

/* Make a database. */
static inline void hdb_create(struct hdb_handle_database *handle_database)
{
	qb_hdb_create(handle_database);
}

/* Unmake it. */
static inline void hdb_destroy(struct hdb_handle_database *handle_database)
{
	qb_hdb_destroy(handle_database);
}

/* A new object of @instance_size bytes, with one reference. */
static inline int hdb_handle_create(struct hdb_handle_database *handle_database,
				    int instance_size,
				    hdb_handle_t *handle_id_out)
{
	return qb_hdb_handle_create(handle_database, instance_size,
				    handle_id_out);
}

/* The object behind a handle, with one more reference. */
static inline int hdb_handle_get(struct hdb_handle_database *handle_database,
				 hdb_handle_t handle_in, void **instance)
{
	return qb_hdb_handle_get(handle_database, handle_in, instance);
}

/* The same: libqb makes no difference. */
static inline int
hdb_handle_get_always(struct hdb_handle_database *handle_database,
		      hdb_handle_t handle_in, void **instance)
{
	return qb_hdb_handle_get_always(handle_database, handle_in, instance);
}

/* Give a reference back; the last one destroys the object. */
static inline int hdb_handle_put(struct hdb_handle_database *handle_database,
				 hdb_handle_t handle_in)
{
	return qb_hdb_handle_put(handle_database, handle_in);
}

/* Give the first reference back: the object is wanted no more. */
static inline int
hdb_handle_destroy(struct hdb_handle_database *handle_database,
		   hdb_handle_t handle_in)
{
	return qb_hdb_handle_destroy(handle_database, handle_in);
}

/* The number of references, or a negated errno. */
static inline int
hdb_handle_refcount_get(struct hdb_handle_database *handle_database,
			hdb_handle_t handle_in)
{
	return qb_hdb_handle_refcount_get(handle_database, handle_in);
}

/* Let hdb_iterator_next begin anew. */
static inline void
hdb_iterator_reset(struct hdb_handle_database *handle_database)
{
	qb_hdb_iterator_reset(handle_database);
}

/* The next object, with one more reference, and its handle. */
static inline int hdb_iterator_next(struct hdb_handle_database *handle_database,
				    void **instance, hdb_handle_t *handle)
{
	return qb_hdb_iterator_next(handle_database, instance, handle);
}

/* A handle without its check value: the index of the object. */
static inline unsigned int hdb_base_convert(hdb_handle_t handle)
{
	return qb_hdb_base_convert(handle);
}

/* An index with the check value that fits every object. */
static inline unsigned long long hdb_nocheck_convert(unsigned int handle)
{
	return qb_hdb_nocheck_convert(handle);
}

#ifdef __cplusplus
}
#endif

#endif
