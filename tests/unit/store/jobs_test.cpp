#include "store/jobs.h"

#include "store/exports.h"
#include "store/models.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

using Outcome = AddedJob::Outcome;
constexpr JobKind kWrite[] = {JobKind::write};

template <typename Place>
class JobsTest : public StoreTest<Place> {
 protected:
  Jobs jobs() { return this->template of<Jobs>(); }
  JobQueue queue() {
    return JobQueue(this->connection(), {.lease = std::chrono::seconds(30), .max_losses = 2});
  }
  void add(const std::string& id, JobPriority priority = JobPriority::normal) {
    NewJob job = new_job(id);
    job.priority = priority;
    ASSERT_EQ(jobs().add(job, {}).outcome, Outcome::added);
  }
  std::string claimed(double seconds) {
    const auto claim = queue().claim("w", kWrite, at(seconds));
    return claim ? claim->job.id : "";
  }
};
TYPED_TEST_SUITE(JobsTest, Places, PlaceNames);

TYPED_TEST(JobsTest, AKeyStartsOneJob) {
  const AddedJob first = this->jobs().add(new_job("j1", "key"), {});
  EXPECT_EQ(first.outcome, Outcome::added);
  EXPECT_EQ(first.job->state, JobState::queued);
  const AddedJob second = this->jobs().add(new_job("j2", "key"), {});
  EXPECT_EQ(second.outcome, Outcome::repeated);
  EXPECT_EQ(second.job->id, "j1");
  EXPECT_FALSE(this->jobs().find("j2"));
}

TYPED_TEST(JobsTest, AKeyWithAnotherRequestIsRefused) {
  this->jobs().add(new_job("j1", "key"), {});
  NewJob other = new_job("j2", "key");
  other.request = "{\"kind\":\"write\",\"seed\":1}";
  EXPECT_EQ(this->jobs().add(other, {}).outcome, Outcome::key_reused);
}

TYPED_TEST(JobsTest, AKeyIsForgottenAfterADay) {
  this->jobs().add(new_job("j1", "key"), {});
  NewJob later = new_job("j2", "key");
  later.created_at = at(24 * 3600);
  EXPECT_EQ(this->jobs().add(later, {}).outcome, Outcome::added);
}

TYPED_TEST(JobsTest, OverTheQuotaTheResetTimeIsTold) {
  JobLimits limits;
  limits.max_of_user = 2;
  limits.quota_window = std::chrono::seconds(60);
  for (int i = 0; i < 2; ++i) {
    NewJob job = new_job("j" + std::to_string(i));
    job.created_at = at(10 * i);
    EXPECT_EQ(this->jobs().add(job, limits).outcome, Outcome::added);
  }
  NewJob third = new_job("third");
  third.created_at = at(20);
  const AddedJob refused = this->jobs().add(third, limits);
  EXPECT_EQ(refused.outcome, Outcome::over_quota);
  EXPECT_EQ(refused.reset_at, at(60));
  third.user_id = "u2";
  EXPECT_EQ(this->jobs().add(third, limits).outcome, Outcome::added);
  NewJob later = new_job("later");
  later.created_at = at(60);
  EXPECT_EQ(this->jobs().add(later, limits).outcome, Outcome::added);
}

TYPED_TEST(JobsTest, TheQueueIsBounded) {
  JobLimits limits;
  limits.max_queued = 1;
  this->jobs().add(new_job("j1"), limits);
  EXPECT_EQ(this->jobs().add(new_job("j2"), limits).outcome, Outcome::queue_full);
  this->claimed(1);
  EXPECT_EQ(this->jobs().add(new_job("j2"), limits).outcome, Outcome::added);
}

TYPED_TEST(JobsTest, HigherPrioritiesAndOlderJobsAreTakenFirst) {
  this->add("a");
  this->add("b", JobPriority::low);
  this->add("c", JobPriority::high);
  this->add("d");
  EXPECT_EQ(this->jobs().find("b")->position, 3);
  EXPECT_EQ(this->jobs().find("a")->position, 1);
  EXPECT_EQ(this->jobs().set_priority("d", JobPriority::high), ChangedJob::done);
  EXPECT_EQ(this->claimed(1), "c");
  EXPECT_EQ(this->claimed(1), "d");
  EXPECT_EQ(this->claimed(1), "a");
  EXPECT_EQ(this->claimed(1), "b");
  EXPECT_EQ(this->claimed(1), "");
}

TYPED_TEST(JobsTest, AWorkerTakesItsKindsAlone) {
  this->add("a");
  constexpr JobKind kDraw[] = {JobKind::draw, JobKind::round};
  EXPECT_FALSE(this->queue().claim("w", kDraw, at(1)));
  EXPECT_FALSE(this->queue().claim("w", {}, at(1)));
}

TYPED_TEST(JobsTest, ProgressResultAndBusyTimeAreKept) {
  this->add("a");
  const auto claim = this->queue().claim("w", kWrite, at(1));
  EXPECT_EQ(this->queue().beat(*claim, {.done = 2, .total = 4, .eta_seconds = 1.5}, "{}", at(3)),
            Lease::held);
  Job job = *this->jobs().find("a");
  EXPECT_EQ(job.state, JobState::running);
  EXPECT_EQ(job.progress.done, 2);
  EXPECT_EQ(job.progress.total, 4);
  EXPECT_EQ(job.progress.eta_seconds, 1.5);
  EXPECT_EQ(job.started_at, at(1));
  EXPECT_EQ(this->queue().finish(*claim, "{\"dropped\":1}", at(4)), Lease::held);
  job = *this->jobs().find("a");
  EXPECT_EQ(job.state, JobState::done);
  EXPECT_EQ(job.result, "{\"dropped\":1}");
  EXPECT_EQ(job.ended_at, at(4));
  EXPECT_EQ(job.busy_ms, 3000);
  EXPECT_EQ(job.user_name, "name of u1 in s1");
  EXPECT_EQ(this->queue().finish(*claim, "{}", at(5)), Lease::lost) << "once";
}

TYPED_TEST(JobsTest, AJobWhoseWorkerDiedGoesOnBehindItsCheckpoint) {
  this->add("a");
  const auto dead = this->queue().claim("dead", kWrite, at(0));
  this->queue().beat(*dead, {.done = 7, .total = {}, .eta_seconds = {}}, "row 7", at(10));
  EXPECT_EQ(this->claimed(39), "") << "the lease still runs";
  const auto claim = this->queue().claim("next", kWrite, at(41));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->checkpoint, "row 7");
  EXPECT_EQ(claim->attempt, 2);
  EXPECT_EQ(claim->job.progress.done, 7);
  EXPECT_EQ(this->queue().beat(*dead, {}, "", at(42)), Lease::lost);
  EXPECT_EQ(this->queue().finish(*dead, "{}", at(42)), Lease::lost);
  EXPECT_EQ(this->jobs().find("a")->state, JobState::running);
  EXPECT_EQ(this->queue().finish(*claim, "{}", at(43)), Lease::held);
}

TYPED_TEST(JobsTest, AJobThatKillsItsWorkersIsFailed) {
  this->add("a");
  EXPECT_EQ(this->claimed(0), "a");
  EXPECT_EQ(this->claimed(31), "a");
  EXPECT_EQ(this->claimed(62), "");
  const Job job = *this->jobs().find("a");
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_EQ(job.failure.code, kWorkerLost);
  EXPECT_NE(job.failure.detail.find('2'), std::string::npos);
  EXPECT_EQ(this->jobs().resume("a"), ChangedJob::done);
  EXPECT_EQ(this->claimed(63), "a");
}

TYPED_TEST(JobsTest, CancellingFreesTheWorkerAndResumingGoesOn) {
  this->add("a");
  const auto claim = this->queue().claim("w", kWrite, at(0));
  this->queue().beat(*claim, {.done = 3, .total = 9, .eta_seconds = {}}, "row 3", at(1));
  EXPECT_EQ(this->jobs().cancel("a", at(2)), ChangedJob::done);
  EXPECT_EQ(this->jobs().cancel("a", at(2)), ChangedJob::done);
  EXPECT_EQ(this->queue().beat(*claim, {}, "", at(3)), Lease::cancelled);
  EXPECT_EQ(this->queue().finish(*claim, "{}", at(3)), Lease::cancelled);
  EXPECT_EQ(this->claimed(100), "");
  EXPECT_EQ(this->jobs().resume("a"), ChangedJob::done);
  const auto again = this->queue().claim("w", kWrite, at(101));
  EXPECT_EQ(again->checkpoint, "row 3");
  EXPECT_EQ(this->queue().finish(*claim, "{}", at(102)), Lease::lost);
  EXPECT_EQ(this->queue().finish(*again, "{}", at(102)), Lease::held);
}

TYPED_TEST(JobsTest, WhatIsDoneCannotBeChanged) {
  this->add("a");
  this->queue().finish(*this->queue().claim("w", kWrite, at(0)), "{}", at(1));
  EXPECT_EQ(this->jobs().cancel("a", at(2)), ChangedJob::ended);
  EXPECT_EQ(this->jobs().resume("a"), ChangedJob::ended);
  EXPECT_EQ(this->jobs().set_priority("a", JobPriority::low), ChangedJob::ended);
  EXPECT_EQ(this->jobs().cancel("nothing", at(2)), ChangedJob::not_found);
}

TYPED_TEST(JobsTest, AFailureSaysWhy) {
  this->add("a");
  const auto claim = this->queue().claim("w", kWrite, at(0));
  EXPECT_EQ(this->queue().fail(*claim, {.code = "model_missing", .detail = "no model"}, at(1)),
            Lease::held);
  const Job job = *this->jobs().find("a");
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_EQ(job.failure.code, "model_missing");
}

TYPED_TEST(JobsTest, WithoutWorkersNoJobWaitsForItsLease) {
  this->add("a");
  const auto dead = this->queue().claim("dead", kWrite, at(0));
  this->queue().end_leases(at(1));
  EXPECT_EQ(this->claimed(1), "a");
  EXPECT_EQ(this->queue().finish(*dead, "{}", at(2)), Lease::lost);
}

TYPED_TEST(JobsTest, AReleasedJobWaitsAtItsOldPlaceAndIsNoLoss) {
  this->add("a");
  this->add("b");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(this->queue().release(*this->queue().claim("w", kWrite, at(i)), at(i)), Lease::held);
  EXPECT_EQ(this->claimed(9), "a");
}

TYPED_TEST(JobsTest, JobsAreListedNewestFirst) {
  this->add("a");
  this->add("b");
  this->claimed(1);
  EXPECT_EQ(this->jobs().list({}, {}).items.at(0).id, "b");
  EXPECT_EQ(this->jobs().list({.kind = {}, .state = JobState::running}, {}).items.at(0).id, "a");
  EXPECT_TRUE(this->jobs().list({.kind = JobKind::draw, .state = {}}, {}).items.empty());
}

template <typename Place>
class ModelsTest : public StoreTest<Place> {
 protected:
  Models models() { return this->template of<Models>(); }
  Model model(const std::string& id, ModelKind kind = ModelKind::copy) {
    Model model;
    model.id = id;
    model.name = id;
    model.kind = kind;
    model.created_at = at(0);
    return model;
  }
  std::string serving() {
    const auto model = models().serving(ModelKind::copy);
    return model ? model->id : "";
  }
  void add_passed(const std::string& id) {
    models().add(model(id));
    models().set_gate(id, true, "{}");
  }
};
TYPED_TEST_SUITE(ModelsTest, Places, PlaceNames);

TYPED_TEST(ModelsTest, AModelServesOnlyAfterItsGate) {
  auto models = this->models();
  models.add_first(this->model("m1"));
  models.add(this->model("m2"));
  EXPECT_EQ(models.promote("m2", at(1)), Promoted::gate_not_passed);
  models.set_gate("m2", false, "{}");
  EXPECT_EQ(models.promote("m2", at(1)), Promoted::gate_not_passed);
  models.set_gate("m2", true, "{\"passed\":true}");
  EXPECT_EQ(models.promote("m2", at(1)), Promoted::done);
  EXPECT_EQ(this->serving(), "m2");
  EXPECT_EQ(models.find("m1")->state, ModelState::former);
  EXPECT_EQ(models.find("m2")->gate, "{\"passed\":true}");
  EXPECT_EQ(models.promote("nothing", at(1)), Promoted::not_found);
}

TYPED_TEST(ModelsTest, ARollbackTakesTheOneThatServedBefore) {
  auto models = this->models();
  models.add_first(this->model("m1"));
  this->add_passed("m2");
  this->add_passed("m3");
  models.promote("m2", at(1));
  models.promote("m3", at(2));
  EXPECT_EQ(models.roll_back("m3", at(3))->id, "m2");
  EXPECT_EQ(models.find("m3")->state, ModelState::candidate);
  EXPECT_EQ(models.find("m3")->rolled_back_at, at(3));
  EXPECT_FALSE(models.roll_back("m3", at(4))) << "it does not serve";
  EXPECT_EQ(models.roll_back("m2", at(5))->id, "m1");
  EXPECT_FALSE(models.roll_back("m1", at(6))) << "nothing before it";
  EXPECT_EQ(this->serving(), "m1");
  EXPECT_EQ(models.promote("m3", at(7)), Promoted::done);
}

TYPED_TEST(ModelsTest, OneModelOfAKindServes) {
  auto models = this->models();
  models.add_first(this->model("m1"));
  models.add_first(this->model("m2"));
  models.add_first(this->model("r1", ModelKind::ranker));
  EXPECT_EQ(models.find("m2")->state, ModelState::candidate);
  EXPECT_EQ(models.find("r1")->state, ModelState::serving);
  EXPECT_THROW(this->connection().run("UPDATE models SET state = 'serving'"), InvalidInput);
  EXPECT_EQ(models.list().at(0).id, "r1");
}

TYPED_TEST(ModelsTest, RoundsAreNumberedInTheShop) {
  this->template of<Jobs>().add(new_job("j9"), {});
  auto rounds = this->template of<Rounds>();
  Round round;
  round.job_id = "j9";
  round.objective = "dpo";
  round.started_at = at(0);
  for (const char* id : {"a", "b"}) {
    round.id = id;
    EXPECT_EQ(rounds.add(round), round.id == "a" ? 1 : 2);
  }
  this->models().add(this->model("m1"));
  round.model_id = "m1";
  round.picks = 412;
  round.alarms = {"length rises", "KL over 10"};
  round.ended_at = at(9);
  EXPECT_TRUE(rounds.change(round));
  const auto list = rounds.list();
  EXPECT_EQ(list.at(0).number, 2);
  EXPECT_EQ(list.at(0).alarms, round.alarms);
  EXPECT_EQ(list.at(0).model_id, "m1");
  EXPECT_EQ(list.at(0).ended_at, at(9));
  EXPECT_TRUE(list.at(1).alarms.empty());
}

TYPED_TEST(ModelsTest, ExportsAreListedNewestFirst) {
  this->template of<Jobs>().add(new_job("j9"), {});
  auto exports = this->template of<Exports>();
  Export record;
  record.job_id = "j9";
  record.user_id = "u1";
  record.counts = "{\"written\":12}";
  record.verified = true;
  for (const char* id : {"e1", "e2"}) {
    record.id = id;
    exports.add(record);
  }
  EXPECT_EQ(exports.list().at(0).id, "e2");
  EXPECT_EQ(exports.find("e1")->counts, "{\"written\":12}");
  EXPECT_TRUE(exports.find("e1")->verified);
  EXPECT_FALSE(exports.find("e1")->dry_run);
  EXPECT_EQ(exports.find("e1")->user_name, "name of u1 in s1");
}

}  // namespace
}  // namespace vitrine::store
