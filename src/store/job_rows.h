// store/job_rows.h - how jobs.cpp and job_queue.cpp read a job.
#pragma once
#include <string_view>

#include "store/jobs.h"

namespace vitrine::store {

inline constexpr std::string_view kSelectJob =
    "SELECT j.seq, j.id, j.kind, j.state, j.priority, j.request, j.user_id, u.name, j.done, "
    "j.total, "
    "j.eta_seconds, CASE j.state WHEN 'queued' THEN (SELECT count(*) FROM jobs q WHERE "
    "q.state = 'queued' AND (q.priority > j.priority OR (q.priority = j.priority AND "
    "q.seq < j.seq))) ELSE 0 END, j.result, j.failure_code, j.failure_detail, j.busy_ms, "
    "j.created_at, j.started_at, j.ended_at FROM jobs j "
    "JOIN users u ON u.shop_id = j.shop_id AND u.id = j.user_id WHERE ";

inline int64_t read_job_row(Statement& row, Job& j) {
  int64_t seq = 0, priority = 0;
  row.read(seq, j.id, j.kind, j.state, priority, j.request, j.user_id, j.user_name, j.progress.done,
           j.progress.total, j.progress.eta_seconds, j.position, j.result, j.failure.code,
           j.failure.detail, j.busy_ms, j.created_at, j.started_at, j.ended_at);
  j.priority = static_cast<JobPriority>(priority);
  return seq;
}

}  // namespace vitrine::store
