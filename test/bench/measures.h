/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The coroclient authors */

/*
 * The measurements. Each takes its arguments, whose number measure.c checks,
 * and prints its results.
 */
#ifndef BENCH_MEASURES_H
#define BENCH_MEASURES_H

void measure_loop(char **arguments);
void measure_single(char **arguments);
void measure_burst(char **arguments);
void measure_receive(char **arguments);
void measure_backlog(char **arguments);
void measure_roundtrip(char **arguments);
void measure_lots(char **arguments);
void measure_pingpong(char **arguments);
void measure_open(char **arguments);
void measure_calls(char **arguments);
void measure_memory(char **arguments);
void measure_stack(char **arguments);
void measure_idle(char **arguments);
void measure_handles(char **arguments);
void measure_session_loop(char **arguments);
void measure_session_single(char **arguments);
void measure_peer(char **arguments);

#endif
