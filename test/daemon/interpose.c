/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * All allocations of the process, including those of the library, libqb and
 * libc, pass through ../unit/libc_hooks.c. The loader prefers a program's own
 * malloc to all others.
 */

#include <stdlib.h>
#include <string.h>

/* The functions that libc_hooks.c defines, and those that it calls. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);

/* glibc's own, and those of the sanitizers, if they are there. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *memory, size_t size) __attribute__((weak));
void __interceptor_free(void *memory) __attribute__((weak));

/* Memory that the loader keeps after the first cancellation. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:_dl_map_object_deps\n";
}

void *malloc(size_t size)
{
	return __wrap_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return __wrap_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return __wrap_realloc(memory, size);
}

void free(void *memory)
{
	__wrap_free(memory);
}

/* That of a sanitizer does not call malloc. */
char *strdup(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = malloc(size);

	return copy == NULL ? NULL : memcpy(copy, string, size);
}

void *__real_malloc(size_t size)
{
	return __interceptor_malloc != NULL ? __interceptor_malloc(size) :
					      __libc_malloc(size);
}

void *__real_calloc(size_t count, size_t size)
{
	return __interceptor_calloc != NULL ?
		       __interceptor_calloc(count, size) :
		       __libc_calloc(count, size);
}

void *__real_realloc(void *memory, size_t size)
{
	return __interceptor_realloc != NULL ?
		       __interceptor_realloc(memory, size) :
		       __libc_realloc(memory, size);
}

void __real_free(void *memory)
{
	if (__interceptor_free != NULL)
		__interceptor_free(memory);
	else
		__libc_free(memory);
}
