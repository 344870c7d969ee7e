#include "base/error.h"
#include "store/job_rows.h"
#include "store/jobs.h"

namespace vitrine::store {
namespace {

/// " (a queued or abandoned job of one of the kinds)", on the alias j.
void add_claimable(Sql& sql, std::span<const JobKind> kinds, UtcMillis now) {
  sql.add("(j.state = 'queued' OR (j.state = 'running' AND j.lease_until < ", now);
  sql.add(")) AND j.kind IN (''");  // no job has the kind ''
  for (const JobKind kind : kinds) sql.add(", ", kind);
  sql.add(")");
}

}  // namespace

/// Looks without locking anything: an idle worker asks often.
bool JobQueue::has_work(std::span<const JobKind> kinds, UtcMillis now) {
  Sql sql("SELECT j.seq FROM jobs j WHERE ");
  add_claimable(sql, kinds, now);
  sql.add(" LIMIT 1");
  return sql.query(connection_).step();
}

void JobQueue::fail_lost(UtcMillis now) {
  connection_.run(
      "UPDATE jobs SET state = 'failed', failure_code = $1, failure_detail = $2, ended_at = $3, "
      "eta_seconds = NULL WHERE state = 'running' AND lease_until < $3 AND losses >= $4",
      kWorkerLost, concat("its worker ended ", config_.max_losses, " times in the middle of it"),
      now, config_.max_losses - 1);
}

std::optional<ClaimedJob> JobQueue::claim(const std::string& worker, std::span<const JobKind> kinds,
                                          UtcMillis now) {
  if (!has_work(kinds, now)) return std::nullopt;
  Transaction transaction(connection_);
  fail_lost(now);
  Sql sql("SELECT j.shop_id, j.id FROM jobs j WHERE ");
  add_claimable(sql, kinds, now);
  sql.add(" ORDER BY j.priority DESC, j.seq LIMIT 1").add(connection_.dialect().skip_locked);
  ClaimedJob claim;
  std::string id;
  if (!connection_.read_one(sql.query(connection_), claim.shop_id, id)) {
    transaction.commit();
    return std::nullopt;
  }
  connection_.run(
      "UPDATE jobs SET losses = losses + CASE state WHEN 'running' THEN 1 ELSE 0 END, "
      "state = 'running', worker = $3, attempt = attempt + 1, beat_at = $4, lease_until = $5, "
      "started_at = coalesce(started_at, $4) WHERE shop_id = $1 AND id = $2",
      claim.shop_id, id, worker, now, now + config_.lease);
  connection_.read_one(
      connection_.query("SELECT attempt, checkpoint FROM jobs WHERE shop_id = $1 AND id = $2",
                        claim.shop_id, id),
      claim.attempt, claim.checkpoint);
  claim.job = *Jobs(connection_, claim.shop_id).find(id);
  transaction.commit();
  return claim;
}

Lease JobQueue::beat(const ClaimedJob& claim, const JobProgress& progress,
                     const Document& checkpoint, UtcMillis now) {
  const int64_t changed = connection_.run(
      "UPDATE jobs SET done = $4, total = $5, eta_seconds = $6, checkpoint = $7, "
      "busy_ms = busy_ms + ($8 - beat_at), beat_at = $8, lease_until = $9 "
      "WHERE shop_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'",
      claim.shop_id, claim.job.id, claim.attempt, progress.done, progress.total,
      progress.eta_seconds, checkpoint, now, now + config_.lease);
  return changed == 1 ? Lease::held : why_not_held(claim);
}

Lease JobQueue::why_not_held(const ClaimedJob& claim) {
  JobState state{};
  const bool same_attempt = connection_.read_one(
      connection_.query("SELECT state FROM jobs WHERE shop_id = $1 AND id = $2 AND attempt = $3",
                        claim.shop_id, claim.job.id, claim.attempt),
      state);
  return same_attempt && state == JobState::cancelled ? Lease::cancelled : Lease::lost;
}

Lease JobQueue::end(const ClaimedJob& claim, JobState state, const Document& result,
                    const JobFailure& failure, UtcMillis now) {
  const bool ended = state != JobState::queued;
  const int64_t changed = connection_.run(
      "UPDATE jobs SET state = $4, result = $5, failure_code = $6, failure_detail = $7, "
      "busy_ms = busy_ms + ($8 - beat_at), ended_at = $9, eta_seconds = NULL "
      "WHERE shop_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'",
      claim.shop_id, claim.job.id, claim.attempt, state, result, failure.code, failure.detail, now,
      ended ? std::optional(now) : std::nullopt);
  return changed == 1 ? Lease::held : why_not_held(claim);
}

Lease JobQueue::finish(const ClaimedJob& claim, const Document& result, UtcMillis now) {
  return end(claim, JobState::done, result, {}, now);
}

Lease JobQueue::fail(const ClaimedJob& claim, const JobFailure& failure, UtcMillis now) {
  return end(claim, JobState::failed, "", failure, now);
}

Lease JobQueue::release(const ClaimedJob& claim, UtcMillis now) {
  return end(claim, JobState::queued, "", {}, now);
}

void JobQueue::end_leases(UtcMillis now) {
  connection_.run("UPDATE jobs SET lease_until = $1 WHERE state = 'running' AND lease_until > $1",
                  now - std::chrono::milliseconds(1));
}

}  // namespace vitrine::store
