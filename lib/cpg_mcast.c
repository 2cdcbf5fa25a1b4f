/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cpg_client.h"
#include "export.h"
#include "lock.h"

/* How long to retry a fragment that the daemon does not accept. */
#define LATER_S 1

/* The part of a message that is not sent yet. */
struct message {
	const struct iovec *iov;
	size_t iov_len;
	size_t skip;	/* bytes of iov[0] that are sent */
	size_t left;	/* bytes in total */
};

/* One request in pieces: its fixed part, and a part of the message. */
struct parcel {
	struct iovec iov[TRANSPORT_PIECES_MAX];
	size_t iov_len;
	void *gathered;	/* a copy; NULL: in the application's memory */
};

static cs_error_t message_check(const struct iovec *iov, size_t iov_len,
				struct message *ret_message)
{
	uint64_t size = 0;

	if (iov == NULL && iov_len > 0)
		return CS_ERR_INVALID_PARAM;
	for (size_t i = 0; i < iov_len; i++) {
		if (iov[i].iov_base == NULL && iov[i].iov_len > 0)
			return CS_ERR_INVALID_PARAM;
		if (__builtin_add_overflow(size, iov[i].iov_len, &size))
			return CS_ERR_INVALID_PARAM;
	}
	if (size > UINT32_MAX)
		return CS_ERR_TOO_BIG;
	*ret_message = (struct message){
		.iov = iov,
		.iov_len = iov_len,
		.left = (size_t)size,
	};
	return CS_OK;
}

/* Returns the next piece of the message: at least one byte, up to @size. */
static struct iovec piece_next(struct message *message, size_t size)
{
	struct iovec piece;

	while (message->skip == message->iov->iov_len) {
		message->iov++;
		message->skip = 0;
	}
	piece.iov_base = (char *)message->iov->iov_base + message->skip;
	piece.iov_len = message->iov->iov_len - message->skip;
	if (piece.iov_len > size)
		piece.iov_len = size;
	message->skip += piece.iov_len;
	message->left -= piece.iov_len;
	return piece;
}

static cs_error_t parcel_gather(struct parcel *parcel, struct message *message,
				size_t size)
{
	struct iovec piece;
	char *next = malloc(size);

	if (next == NULL)
		return CS_ERR_NO_MEMORY;
	parcel->gathered = next;
	parcel->iov[1] = (struct iovec){ .iov_base = next, .iov_len = size };
	parcel->iov_len = 2;
	for (; size > 0; size -= piece.iov_len) {
		piece = piece_next(message, size);
		memcpy(next, piece.iov_base, piece.iov_len);
		next += piece.iov_len;
	}
	return CS_OK;
}

/* Fills the parcel with @fixed and the next @size bytes of the message. */
static cs_error_t parcel_pack(struct parcel *parcel, void *fixed,
			      size_t fixed_size, struct message *message,
			      size_t size)
{
	const struct message whole = *message;
	size_t left = size;

	parcel->iov[0].iov_base = fixed;
	parcel->iov[0].iov_len = fixed_size;
	parcel->iov_len = 1;
	parcel->gathered = NULL;
	while (left > 0 && parcel->iov_len < TRANSPORT_PIECES_MAX) {
		parcel->iov[parcel->iov_len] = piece_next(message, left);
		left -= parcel->iov[parcel->iov_len++].iov_len;
	}
	if (left == 0)
		return CS_OK;
	*message = whole;
	return parcel_gather(parcel, message, size);
}

static cs_error_t whole_send(struct cpg *cpg, cpg_guarantee_t guarantee,
			     struct message *message)
{
	const size_t size = sizeof(struct cpg_wire_mcast) + message->left;
	struct cpg_wire_mcast request = {
		.header = { .id = CPG_REQUEST_MCAST, .size = (int32_t)size },
		.guarantee = guarantee,
		.msglen = (uint32_t)message->left,
	};
	struct parcel parcel;
	cs_error_t err;

	err = parcel_pack(&parcel, &request, sizeof(request), message,
			  message->left);
	if (err == CS_OK)
		err = client_send(&cpg->client, parcel.iov, parcel.iov_len);
	free(parcel.gathered);
	return err;
}

static cs_error_t parcel_deliver(struct cpg *cpg, const struct parcel *parcel)
{
	struct client_patience patience = { .limit_s = LATER_S };
	struct wire_reply reply;
	cs_error_t err;

	client_patience_begin(&patience);
	do
		err = client_exchange(&cpg->client, parcel->iov,
				      parcel->iov_len, true,
				      CPG_REPLY_PARTIAL_MCAST, &reply,
				      sizeof(reply));
	while (err == CS_ERR_TRY_AGAIN &&
	       client_pause(&cpg->client, &patience));
	if (err != CS_OK && !client_is_open(&cpg->client))
		return CS_ERR_BAD_HANDLE;
	return err;
}

/* In bytes; less than usual if the kernel limits datagrams to less. */
static uint32_t fragment_max(const struct cpg *cpg)
{
	size_t max = transport_request_max(cpg->client.transport) -
		     sizeof(struct cpg_wire_partial_mcast);

	return max < CPG_WIRE_MESSAGE_MAX ? (uint32_t)max :
					    CPG_WIRE_MESSAGE_MAX;
}

static cs_error_t fragment_send(struct cpg *cpg,
				struct cpg_wire_partial_mcast *request,
				struct message *message)
{
	struct parcel parcel;
	cs_error_t err;

	request->fraglen = fragment_max(cpg);
	if (message->left < request->fraglen)
		request->fraglen = (uint32_t)message->left;
	request->header.size = (int32_t)(sizeof(*request) + request->fraglen);
	err = parcel_pack(&parcel, request, sizeof(*request), message,
			  request->fraglen);
	if (message->left == 0)
		request->type = CPG_PARTIAL_LAST;
	if (err == CS_OK)
		err = parcel_deliver(cpg, &parcel);
	free(parcel.gathered);
	return err;
}

static cs_error_t fragments_send(struct cpg *cpg, cpg_guarantee_t guarantee,
				 struct message *message)
{
	struct cpg_wire_partial_mcast request = {
		.header = { .id = CPG_REQUEST_PARTIAL_MCAST },
		.guarantee = guarantee,
		.msglen = (uint32_t)message->left,
		.type = CPG_PARTIAL_FIRST,
	};
	cs_error_t err;

	do {
		err = fragment_send(cpg, &request, message);
		request.type = CPG_PARTIAL_CONTINUED;
		if (err != CS_OK || message->left == 0)
			return err;
	} while (client_is_open(&cpg->client));
	return CS_ERR_BAD_HANDLE;
}

static cs_error_t message_send(struct cpg *cpg, cpg_guarantee_t guarantee,
			       struct message *message)
{
	cs_error_t err;

	if (!cpg_shared(cpg)->joined)
		return client_refuse(&cpg->client, CS_ERR_NOT_EXIST);
	if (message->left <= CPG_WIRE_MESSAGE_MAX)
		return whole_send(cpg, guarantee, message);
	lock_take(&cpg_shared(cpg)->send_lock);
	err = fragments_send(cpg, guarantee, message);
	lock_give(&cpg_shared(cpg)->send_lock);
	return err;
}

static cs_error_t handle_send(cpg_handle_t handle, cpg_guarantee_t guarantee,
			      const struct iovec *iov, size_t iov_len)
{
	struct message message;
	struct client_use use;
	cs_error_t err;

	err = message_check(iov, iov_len, &message);
	if (err == CS_OK)
		err = client_get(handle, &cpg_service, &use);
	if (err != CS_OK)
		return err;
	err = message_send((struct cpg *)use.client, guarantee, &message);
	client_put(&use);
	return err;
}

static cs_error_t handle_check(cpg_handle_t handle)
{
	struct client_use use;
	cs_error_t err = client_get(handle, &cpg_service, &use);

	if (err == CS_OK)
		client_put(&use);
	return err;
}

EXPORT cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle,
					     uint32_t *size)
{
	cs_error_t err;

	if (size == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		*size = CPG_WIRE_MESSAGE_MAX;
	return err;
}

EXPORT cs_error_t
cpg_flow_control_state_get(cpg_handle_t handle,
			   cpg_flow_control_state_t *flow_control_enabled)
{
	cs_error_t err;

	if (flow_control_enabled == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		*flow_control_enabled = CPG_FLOW_CONTROL_DISABLED;
	return err;
}

EXPORT cs_error_t cpg_mcast_joined(cpg_handle_t handle,
				   cpg_guarantee_t guarantee,
				   const struct iovec *iovec,
				   unsigned int iov_len)
{
	return handle_send(handle, guarantee, iovec, iov_len);
}

EXPORT cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size,
				void **buffer)
{
	void *memory;
	cs_error_t err;

	if (buffer == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err != CS_OK)
		return err;
	memory = calloc(1, size == 0 ? 1 : size);
	if (memory == NULL)
		return CS_ERR_NO_MEMORY;
	*buffer = memory;
	return CS_OK;
}

EXPORT cs_error_t cpg_zcb_free(cpg_handle_t handle, void *buffer)
{
	cs_error_t err;

	if (buffer == NULL)
		return CS_ERR_INVALID_PARAM;
	err = handle_check(handle);
	if (err == CS_OK)
		free(buffer);
	return err;
}

EXPORT cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle,
				       cpg_guarantee_t guarantee, void *msg,
				       size_t msg_len)
{
	const struct iovec iov = { .iov_base = msg, .iov_len = msg_len };

	return handle_send(handle, guarantee, &iov, 1);
}
