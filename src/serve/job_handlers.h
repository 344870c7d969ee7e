// serve/job_handlers.h - what does the jobs: one function for each kind.
#pragma once
#include "serve/job_queue.h"
#include "serve/service.h"

namespace vitrine::serve {

// They throw JobFailed, Refusal, Cancelled and what the rooms below throw (job_queue.h). The server
// that they work for must outlive them.
JobResult run_import_job(Service& service, RunningJob& job);
JobResult run_write_job(Service& service, RunningJob& job);
JobResult run_batch_job(Service& service, RunningJob& job);
JobResult run_draw_job(Service& service, RunningJob& job);    // REQUIRES: service.pictures
JobResult run_round_job(Service& service, RunningJob& job);   // REQUIRES: service.hooks.program, trains
JobResult run_gate_job(Service& service, RunningJob& job);    // REQUIRES: service.hooks.program
JobResult run_export_job(Service& service, RunningJob& job);

/// Those whose parts this server has. A Refusal of a handler becomes the job's problem.
void add_job_handlers(Service& service);

}  // namespace vitrine::serve
