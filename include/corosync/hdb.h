/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * Handle databases under corosync's old names. Each function calls one of
 * libqb, which qb/qbhdb.h describes, and needs -lqb. A database counts the
 * references to its objects. It has no lock of its own: a caller with several
 * threads must provide one. The functions return 0 or a negated errno, which
 * hdb_error_to_cs(3) converts. New programs do not need this header.
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

/* A handle of an object. */
typedef qb_handle_t hdb_handle_t;

/* For printf: a handle, decimal or hexadecimal. */
#define HDB_D_FORMAT QB_HDB_D_FORMAT
#define HDB_X_FORMAT QB_HDB_X_FORMAT

/* The database is a struct of libqb. */
#define hdb_handle_database qb_hdb

/* Define a static database: its name, and the destructor of objects or NULL. */
#define DECLARE_HDB_DATABASE QB_HDB_DECLARE

/* Acquire a lock that the caller keeps with a database. */
static inline void hdb_database_lock(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
}

/* Release the lock. */
static inline void hdb_database_unlock(pthread_mutex_t *mutex)
{
	pthread_mutex_unlock(mutex);
}

/* Initialize the lock. */
static inline void hdb_database_lock_init(pthread_mutex_t *mutex)
{
	pthread_mutex_init(mutex, NULL);
}

/* Destroy the lock. */
static inline void hdb_database_lock_destroy(pthread_mutex_t *mutex)
{
	pthread_mutex_destroy(mutex);
}

/* Initialize a database. */
static inline void hdb_create(struct hdb_handle_database *handle_database)
{
	qb_hdb_create(handle_database);
}

/* Destroy a database. */
static inline void hdb_destroy(struct hdb_handle_database *handle_database)
{
	qb_hdb_destroy(handle_database);
}

/* Create an object of @instance_size bytes, with one reference. */
static inline int hdb_handle_create(struct hdb_handle_database *handle_database,
				    int instance_size,
				    hdb_handle_t *handle_id_out)
{
	return qb_hdb_handle_create(handle_database, instance_size,
				    handle_id_out);
}

/* Get the object of a handle, and add a reference. */
static inline int hdb_handle_get(struct hdb_handle_database *handle_database,
				 hdb_handle_t handle_in, void **instance)
{
	return qb_hdb_handle_get(handle_database, handle_in, instance);
}

/* The same function in libqb. */
static inline int
hdb_handle_get_always(struct hdb_handle_database *handle_database,
		      hdb_handle_t handle_in, void **instance)
{
	return qb_hdb_handle_get_always(handle_database, handle_in, instance);
}

/* Drop a reference. Dropping the last one destroys the object. */
static inline int hdb_handle_put(struct hdb_handle_database *handle_database,
				 hdb_handle_t handle_in)
{
	return qb_hdb_handle_put(handle_database, handle_in);
}

/* Mark the object for destruction, and drop the initial reference. */
static inline int
hdb_handle_destroy(struct hdb_handle_database *handle_database,
		   hdb_handle_t handle_in)
{
	return qb_hdb_handle_destroy(handle_database, handle_in);
}

/* Return the number of references, or a negated errno. */
static inline int
hdb_handle_refcount_get(struct hdb_handle_database *handle_database,
			hdb_handle_t handle_in)
{
	return qb_hdb_handle_refcount_get(handle_database, handle_in);
}

/* Restart the iteration of hdb_iterator_next. */
static inline void
hdb_iterator_reset(struct hdb_handle_database *handle_database)
{
	qb_hdb_iterator_reset(handle_database);
}

/* Get the next object and its handle, and add a reference. */
static inline int hdb_iterator_next(struct hdb_handle_database *handle_database,
				    void **instance, hdb_handle_t *handle)
{
	return qb_hdb_iterator_next(handle_database, instance, handle);
}

/* Return the handle without its check value: the index of the object. */
static inline unsigned int hdb_base_convert(hdb_handle_t handle)
{
	return qb_hdb_base_convert(handle);
}

/* Return the index with a check value that matches every object. */
static inline unsigned long long hdb_nocheck_convert(unsigned int handle)
{
	return qb_hdb_nocheck_convert(handle);
}

#ifdef __cplusplus
}
#endif

#endif
