/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include "names.h"
#include "options.h"
#include <dlfcn.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of libcmap, whose header need not be installed. */
#define KEY_SIZE 256
typedef uint64_t cmap_handle_t;
typedef uint64_t cmap_iter_t;
static struct {
	cs_error_t (*initialize)(cmap_handle_t *handle);
	cs_error_t (*finalize)(cmap_handle_t handle);
	cs_error_t (*get_uint32)(cmap_handle_t handle, const char *key,
				 uint32_t *value);
	cs_error_t (*get_string)(cmap_handle_t handle, const char *key,
				 char **value);
	cs_error_t (*iter_init)(cmap_handle_t handle, const char *prefix,
				cmap_iter_t *iter);
	cs_error_t (*iter_next)(cmap_handle_t handle, cmap_iter_t iter,
				char key[KEY_SIZE], size_t *size, int *type);
	cs_error_t (*iter_finalize)(cmap_handle_t handle, cmap_iter_t iter);
	enum { UNKNOWN, LOADED, MISSING } state;
} cmap;

/* A node that has no name is in the list as well, once it was searched. */
static struct name {
	uint32_t nodeid;
	char *name;
} *names;
static size_t name_count;

static void library_load(void)
{
	void *library = dlopen("libcmap.so.4", RTLD_NOW);

	cmap.state = MISSING;
	if (library == NULL)
		return;
	cmap.initialize = dlsym(library, "cmap_initialize");
	cmap.finalize = dlsym(library, "cmap_finalize");
	cmap.get_uint32 = dlsym(library, "cmap_get_uint32");
	cmap.get_string = dlsym(library, "cmap_get_string");
	cmap.iter_init = dlsym(library, "cmap_iter_init");
	cmap.iter_next = dlsym(library, "cmap_iter_next");
	cmap.iter_finalize = dlsym(library, "cmap_iter_finalize");
	if (cmap.initialize && cmap.finalize && cmap.get_uint32 &&
	    cmap.get_string && cmap.iter_init && cmap.iter_next &&
	    cmap.iter_finalize)
		cmap.state = LOADED;
}

static void name_add(uint32_t nodeid, char *name)
{
	names = reallocarray(names, name_count + 1, sizeof(*names));
	if (names == NULL)
		err(1, "names of nodes");
	names[name_count++] = (struct name){ nodeid, name };
}

/* Takes one key of the node list. */
static void key_read(cmap_handle_t handle, const char *key)
{
	char name_key[KEY_SIZE];
	uint32_t nodeid;
	unsigned int index;
	int end = 0;
	char *name;

	if (sscanf(key, "nodelist.node.%u.nodeid%n", &index, &end) != 1 ||
	    end == 0 || key[end] != '\0')
		return;
	snprintf(name_key, sizeof(name_key), "nodelist.node.%u.name", index);
	if (cmap.get_uint32(handle, key, &nodeid) == CS_OK &&
	    cmap.get_string(handle, name_key, &name) == CS_OK)
		name_add(nodeid, name);
}

static void keys_read(cmap_handle_t handle)
{
	char key[KEY_SIZE];
	cmap_iter_t iter;
	size_t size;
	int type;

	if (cmap.iter_init(handle, "nodelist.node.", &iter) != CS_OK)
		return;
	while (cmap.iter_next(handle, iter, key, &size, &type) == CS_OK)
		key_read(handle, key);
	cmap.iter_finalize(handle, iter);
}

static void names_read(void)
{
	cmap_handle_t handle;

	if (cmap.state == UNKNOWN)
		library_load();
	if (cmap.state == MISSING || cmap.initialize(&handle) != CS_OK)
		return;
	names_reset();
	keys_read(handle);
	cmap.finalize(handle);
}

static const struct name *name_search(uint32_t nodeid)
{
	for (size_t i = 0; i < name_count; i++)
		if (names[i].nodeid == nodeid)
			return &names[i];
	return NULL;
}

const char *names_find(uint32_t nodeid)
{
	const struct name *name;

	if (options.no_names)
		return NULL;
	name = name_search(nodeid);
	if (name == NULL) {
		names_read();
		name = name_search(nodeid);
	}
	if (name == NULL)
		name_add(nodeid, NULL);
	return name != NULL ? name->name : NULL;
}

void names_reset(void)
{
	for (size_t i = 0; i < name_count; i++)
		free(names[i].name);
	free(names);
	names = NULL;
	name_count = 0;
}
