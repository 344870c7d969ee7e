#include "store/jobs.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "store/job_rows.h"

namespace vitrine::store {
namespace {

constexpr auto kKeyLives = std::chrono::hours(24);

std::string hash_of_request(const NewJob& job) {
  return sha256_hex(concat(to_word(job.kind), '\n', job.request));
}

}  // namespace

AddedJob Jobs::add(const NewJob& job, const JobLimits& limits) {
  Transaction transaction(connection_);
  // One after another in a shop, so that limits are counted right and a key is seen.
  std::string held;
  connection_.read_one(
      connection_.query(
          concat("SELECT id FROM shops WHERE id = $1", connection_.dialect().for_update), shop_id_),
      held);
  if (auto earlier = find_by_key(job)) return *earlier;
  if (auto refused = over_limits(job, limits)) return *refused;
  insert(job);
  transaction.commit();
  return {.outcome = AddedJob::Outcome::added, .job = find(job.id), .reset_at = {}};
}

std::optional<AddedJob> Jobs::find_by_key(const NewJob& job) {
  if (job.idempotency_key.empty()) return std::nullopt;
  std::string id, hash;
  UtcMillis created_at{};
  const bool seen =
      connection_.read_one(connection_.query("SELECT id, request_sha256, created_at FROM jobs "
                                             "WHERE shop_id = $1 AND idempotency_key = $2",
                                             shop_id_, job.idempotency_key),
                           id, hash, created_at);
  if (!seen) return std::nullopt;
  if (created_at + kKeyLives <= job.created_at) {
    connection_.run("UPDATE jobs SET idempotency_key = NULL WHERE shop_id = $1 AND id = $2",
                    shop_id_, id);
    return std::nullopt;
  }
  using Outcome = AddedJob::Outcome;
  const bool same = hash == hash_of_request(job);
  return AddedJob{.outcome = same ? Outcome::repeated : Outcome::key_reused,
                  .job = same ? find(id) : std::nullopt,
                  .reset_at = {}};
}

std::optional<AddedJob> Jobs::over_limits(const NewJob& job, const JobLimits& limits) {
  using Outcome = AddedJob::Outcome;
  // The job that has to leave the window before another one may start.
  UtcMillis oldest{};
  const bool over = connection_.read_one(
      connection_.query("SELECT created_at FROM jobs WHERE shop_id = $1 AND user_id = $2 AND "
                        "created_at > $3 ORDER BY created_at DESC LIMIT 1 OFFSET $4",
                        shop_id_, job.user_id, job.created_at - limits.quota_window,
                        limits.max_of_user - 1),
      oldest);
  if (over)
    return AddedJob{
        .outcome = Outcome::over_quota, .job = {}, .reset_at = oldest + limits.quota_window};
  int64_t queued = 0;
  connection_.read_one(connection_.query("SELECT count(*) FROM jobs WHERE state = 'queued'"),
                       queued);
  if (queued < limits.max_queued) return std::nullopt;
  return AddedJob{.outcome = Outcome::queue_full, .job = {}, .reset_at = {}};
}

void Jobs::insert(const NewJob& job) {
  connection_.run(
      "INSERT INTO jobs (shop_id, id, kind, state, priority, request, request_sha256, "
      "idempotency_key, user_id, done, checkpoint, result, failure_code, failure_detail, attempt, "
      "losses, worker, busy_ms, created_at) VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, 0, "
      "'', '', '', '', 0, 0, '', 0, $9)",
      shop_id_, job.id, job.kind, static_cast<int>(job.priority), job.request, hash_of_request(job),
      null_if_empty(job.idempotency_key), job.user_id, job.created_at);
}

std::optional<Job> Jobs::find(const std::string& id) {
  Statement rows =
      connection_.query(std::string(kSelectJob) + "j.shop_id = $1 AND j.id = $2", shop_id_, id);
  if (!rows.step()) return std::nullopt;
  Job job;
  read_job_row(rows, job);
  return job;
}

Page<Job> Jobs::list(const JobFilter& filter, const PageRequest& request) {
  Sql sql(kSelectJob);
  sql.add("j.shop_id = ", shop_id_);
  if (filter.kind) sql.add(" AND j.kind = ", *filter.kind);
  if (filter.state) sql.add(" AND j.state = ", *filter.state);
  add_page(sql, "j.seq", /*newest_first=*/true, request);
  return read_page<Job>(sql.query(connection_), request.limit, read_job_row);
}

/// A change that met no row: there is no such job, or its state is one of `already`, or it has
/// ended.
ChangedJob Jobs::why_unchanged(const std::string& id, std::initializer_list<JobState> already) {
  const std::optional<Job> job = find(id);
  if (!job) return ChangedJob::not_found;
  const bool was_so = std::find(already.begin(), already.end(), job->state) != already.end();
  return was_so ? ChangedJob::done : ChangedJob::ended;
}

ChangedJob Jobs::cancel(const std::string& id, UtcMillis now) {
  const int64_t changed = connection_.run(
      "UPDATE jobs SET state = 'cancelled', ended_at = $3, eta_seconds = NULL, "
      "busy_ms = busy_ms + CASE state WHEN 'running' THEN $3 - beat_at ELSE 0 END "
      "WHERE shop_id = $1 AND id = $2 AND state IN ('queued', 'running')",
      shop_id_, id, now);
  return changed == 1 ? ChangedJob::done : why_unchanged(id, {JobState::cancelled});
}

ChangedJob Jobs::resume(const std::string& id) {
  const int64_t changed = connection_.run(
      "UPDATE jobs SET state = 'queued', ended_at = NULL, losses = 0, failure_code = '', "
      "failure_detail = '' WHERE shop_id = $1 AND id = $2 AND state IN ('cancelled', 'failed')",
      shop_id_, id);
  return changed == 1 ? ChangedJob::done : why_unchanged(id, {JobState::queued, JobState::running});
}

ChangedJob Jobs::set_priority(const std::string& id, JobPriority priority) {
  const int64_t changed = connection_.run(
      "UPDATE jobs SET priority = $3 WHERE shop_id = $1 AND id = $2 AND "
      "state IN ('queued', 'running')",
      shop_id_, id, static_cast<int>(priority));
  return changed == 1 ? ChangedJob::done : why_unchanged(id, {});
}

}  // namespace vitrine::store
