#include "store/label_requests.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::store {
namespace {

/// A request and the entries of its steps as the log would give them back.
class LabelRequestsTest : public testing::Test {
 protected:
  LabelRequestsTest() {
    LabelRequest request;
    request.id = "rq-1";
    request.ids = {"p1"};
    request.master = "/m.jsonl";
    request.master_sha256 = "ff";
    request.purpose = "线下印刷";
    request.requested_by = "张";
    take(request_entry(request));
  }
  void take(Json entry) {
    entry["time"] = to_iso_time(now_);
    requests_.take(entry);
  }
  const LabelRequest& request() const { return requests_.at("rq-1"); }
  RequestState state() const { return request().state(now_); }
  void agree() { take(agree_entry(request(), now_, "王", "aa")); }
  void approve(const std::string& who = "李", bool one_person_allowed = false) {
    take(approve_entry(request(), now_, who, "可以", one_person_allowed));
  }
  void refuse() { take(refuse_entry(request(), now_, "李", "不可以")); }
  void send() { take(export_entry(request(), now_, "张", "/out.jsonl", "ee")); }

  UtcSeconds now_ = parse_iso_time("2026-11-24T08:00:00Z").value();
  LabelRequests requests_;
};

TEST_F(LabelRequestsTest, TheFourStepsLeadToTheExport) {
  EXPECT_EQ(state(), RequestState::requested);
  agree();
  EXPECT_EQ(state(), RequestState::agreed);
  approve();
  EXPECT_EQ(state(), RequestState::approved);
  send();
  EXPECT_EQ(state(), RequestState::exported);
  EXPECT_EQ(to_json(request(), now_).at("approved_by"), "李");
}

TEST_F(LabelRequestsTest, NoStepCanBeLeftOutOrTakenTwice) {
  EXPECT_THROW(approve(), InvalidInput);
  EXPECT_THROW(send(), InvalidInput);
  agree();
  EXPECT_THROW(agree(), InvalidInput);
  EXPECT_THROW(send(), InvalidInput);
  approve();
  send();
  EXPECT_THROW(send(), InvalidInput);
  EXPECT_THROW(refuse(), InvalidInput);
}

TEST_F(LabelRequestsTest, TheApproverIsAnotherPersonUnlessTheShopAllowsOne) {
  agree();
  EXPECT_THROW(approve("张"), InvalidInput);
  approve("张", true);
  EXPECT_EQ(to_json(request(), now_).at("one_person"), true);
}

TEST_F(LabelRequestsTest, AnOpenRequestCanBeRefusedAndIsThenClosed) {
  agree();
  approve();
  refuse();
  EXPECT_EQ(state(), RequestState::refused);
  EXPECT_THROW(send(), InvalidInput);
}

TEST_F(LabelRequestsTest, AfterThirtyDaysNothingCanBeDoneWithIt) {
  agree();
  approve();
  now_ += std::chrono::days(30);
  EXPECT_EQ(state(), RequestState::approved);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(state(), RequestState::expired);
  EXPECT_THROW(send(), InvalidInput);
  EXPECT_THROW(refuse(), InvalidInput);
}

TEST_F(LabelRequestsTest, AnExportedRequestDoesNotExpire) {
  agree();
  approve();
  send();
  now_ += std::chrono::days(400);
  EXPECT_EQ(state(), RequestState::exported);
}

TEST_F(LabelRequestsTest, StepsNeedNamesAndReasons) {
  agree();
  EXPECT_THROW(approve_entry(request(), now_, "", "x", false), InvalidInput);
  EXPECT_THROW(approve_entry(request(), now_, "李", "", false), InvalidInput);
  LabelRequest empty;
  empty.requested_by = "张";
  EXPECT_THROW(request_entry(empty), InvalidInput);
}

TEST_F(LabelRequestsTest, AnUnknownRequestIsNotFound) {
  EXPECT_THROW(requests_.at("rq-2"), NotFound);
}

}  // namespace
}  // namespace vitrine::store
