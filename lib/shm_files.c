/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm_files.h"

/* libqb's prefix of a name that is not a path. */
#define NAME_PREFIX "/dev/shm/qb-"

/* The directories of rings. Only root can replace these directories. */
static const char *const bases[] = { "/dev/shm/", "/var/run/", "/run/" };

/* The files of a ring. The data comes last: its size is the ring's. */
static const char *const parts[] = { "-header", "-data" };
#define PARTS (sizeof(parts) / sizeof(parts[0]))

struct file_name {
	char text[PATH_MAX + 16];
};

/* Files are in one of the bases, or in a directory of one. */
struct place {
	char directory[PATH_MAX + sizeof(NAME_PREFIX)];
	char name[PATH_MAX];
	bool is_base;		/* the directory is a base */
};

static size_t base_length(const char *path)
{
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strncmp(path, bases[i], strlen(bases[i])) == 0)
			return strlen(bases[i]);
	return 0;
}

static bool name_is_sane(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static int place_find(const char *ring, struct place *ret_place)
{
	char *directory = ret_place->directory;
	char *rest, *slash;
	size_t base;

	snprintf(directory, sizeof(ret_place->directory), "%s%s",
		 ring[0] == '/' ? "" : NAME_PREFIX, ring);
	base = base_length(directory);
	if (base == 0)
		return -EPROTO;
	rest = directory + base;
	slash = strchr(rest, '/');
	ret_place->is_base = slash == NULL;
	snprintf(ret_place->name, sizeof(ret_place->name), "%s",
		 slash == NULL ? rest : slash + 1);
	*(slash == NULL ? rest : slash) = '\0';
	if (!name_is_sane(ret_place->name) ||
	    (slash != NULL && !name_is_sane(rest)))
		return -EPROTO;
	return 0;
}

static bool owner_is_known(const struct stat *file, uid_t owner)
{
	return file->st_uid == owner || file->st_uid == geteuid();
}

/* Returns a descriptor of the directory, or -errno. */
static int place_open(const struct place *place, uid_t owner)
{
	struct stat directory;
	int fd = open(place->directory,
		      O_PATH | O_DIRECTORY | O_CLOEXEC |
			      (place->is_base ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ?
			       -EPROTO :
			       -errno;
	if (place->is_base || (fstat(fd, &directory) == 0 &&
			       owner_is_known(&directory, owner)))
		return fd;
	close(fd);
	return -EPROTO;
}

/* Returns a descriptor of the directory of the name, or -errno. */
static int place_open_named(const char *name, uid_t owner,
			    struct place *ret_place)
{
	int res = place_find(name, ret_place);

	return res < 0 ? res : place_open(ret_place, owner);
}

static struct file_name file_name(const struct place *place, const char *part)
{
	struct file_name name;

	snprintf(name.text, sizeof(name.text), "%s%s", place->name, part);
	return name;
}

static bool stat_is_good(const struct stat *file, uid_t owner)
{
	return S_ISREG(file->st_mode) && owner_is_known(file, owner);
}

static bool file_is_good(int directory, const char *name, uid_t owner,
			 size_t *ret_size)
{
	struct stat file;

	if (fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !stat_is_good(&file, owner))
		return false;
	*ret_size = (size_t)file.st_size;
	return true;
}

int ring_files_check(const char *ring, uid_t owner, size_t *ret_size)
{
	struct place place;
	int fd = place_open_named(ring, owner, &place);
	int res = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < PARTS && res == 0; i++)
		if (!file_is_good(fd, file_name(&place, parts[i]).text, owner,
				  ret_size))
			res = -EPROTO;
	close(fd);
	return res;
}

static void file_remove(int directory, const char *name, uid_t owner,
			bool is_dead)
{
	size_t size;
	int fd;

	if (!file_is_good(directory, name, owner, &size) ||
	    unlinkat(directory, name, 0) == 0 || !is_dead)
		return;
	/* At least free the memory of the file. */
	fd = openat(directory, name,
		    O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

void ring_files_remove(const char *ring, uid_t owner, bool is_dead)
{
	struct place place;
	int fd = place_open_named(ring, owner, &place);

	if (fd < 0)
		return;
	for (size_t i = 0; i < PARTS; i++)
		file_remove(fd, file_name(&place, parts[i]).text, owner,
			    is_dead);
	close(fd);
}

int control_file_open(const char *path, uid_t owner, size_t size)
{
	struct place place;
	struct stat file;
	int directory = place_open_named(path, owner, &place);
	int fd;

	if (directory < 0)
		return directory;
	fd = openat(directory, place.name,
		    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	close(directory);
	if (fd < 0)
		return -EPROTO;
	if (fstat(fd, &file) == 0 && stat_is_good(&file, owner) &&
	    file.st_size >= (off_t)size)
		return fd;
	close(fd);
	return -EPROTO;
}

void control_file_remove(const char *path, uid_t owner, bool is_dead)
{
	struct place place;
	int fd = place_open_named(path, owner, &place);

	if (fd < 0)
		return;
	file_remove(fd, place.name, owner, is_dead);
	close(fd);
}

void shm_directory_remove(const char *name, uid_t owner)
{
	struct place place;
	int fd = place_open_named(name, owner, &place);

	if (fd < 0)
		return;
	close(fd);
	if (!place.is_base)
		rmdir(place.directory);
}
