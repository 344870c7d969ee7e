#include "base/file.h"
#include "base/hash.h"
#include "data/picks.h"
#include "store/library.h"
#include "store/pick_log.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

template <typename Record>
std::string ids_of(const std::vector<Record>& records) {
  std::string ids;
  for (const Record& record : records) ids += (ids.empty() ? "" : " ") + record.id;
  return ids;
}

template <typename Place>
class WritingTest : public StoreTest<Place> {
 protected:
  Candidates candidates() { return this->template of<Candidates>(); }
  Picks picks() { return this->template of<Picks>(); }
  Reviews reviews() { return this->template of<Reviews>(); }
  ProductEntry product_now() { return *this->template of<Products>().find("p1"); }
  /// A pick of c1 with its review r1.
  void pick_c1() {
    ASSERT_EQ(picks().put(pick("k1", {"c1"})), PutPick::stored);
    ASSERT_EQ(reviews().open(review("r1", "k1", "c1")), "r1");
  }
  Decision decision(DecisionKind kind) {
    return {.review_id = "r1",
            .user_id = "u2",
            .kind = kind,
            .text = "",
            .check_report = "",
            .reason = "",
            .text_sha256 = "",
            .own_approval = false,
            .time = at(20)};
  }
};
TYPED_TEST_SUITE(WritingTest, Places, PlaceNames);

TYPED_TEST(WritingTest, APlanNeverChanges) {
  auto plans = this->template of<Plans>();
  Plan changed = plan("l1", "p1");
  changed.style = "jd";
  plans.add(changed);
  EXPECT_EQ(plans.find("l1")->style, "taobao");
  EXPECT_EQ(plans.find("l1")->document, "{\"points\":[]}");
  EXPECT_THROW(plans.add(plan("l2", "no such product")), InvalidInput);
}

TYPED_TEST(WritingTest, CandidatesAddedAgainByAResumedJobStayAsTheyAre) {
  Candidate again = candidate("c1", "p1", "l1");
  again.text = "another";
  EXPECT_EQ(this->candidates().add({again, candidate("c4", "p1", "l1")}), 1);
  EXPECT_EQ(this->candidates().find("c1")->text, "text of c1");
}

TYPED_TEST(WritingTest, ACandidateKeepsAllItsFields) {
  Candidate c = candidate("i1", "p1", "");
  c.kind = CandidateKind::image;
  c.index = 3;
  c.logprob = -81.25;
  c.tokens = 58;
  c.width = 512;
  c.file_sha256 = "abc";
  c.seed = 9'007'199'254'740'993;
  c.params = "{\"temperature\":0.8}";
  c.details = "{\"hits\":[]}";
  this->candidates().add({c});
  const Candidate found = *this->candidates().find("i1");
  EXPECT_EQ(found.kind, CandidateKind::image);
  EXPECT_EQ(found.plan_id, "");
  EXPECT_EQ(found.index, 3);
  EXPECT_EQ(found.logprob, -81.25);
  EXPECT_EQ(found.seed, 9'007'199'254'740'993);
  EXPECT_EQ(found.params, c.params);
  EXPECT_EQ(found.details, c.details);
  EXPECT_EQ(found.created_at, at(2));
}

TYPED_TEST(WritingTest, TheHistoryIsNewestFirstAndSearched) {
  auto candidates = this->candidates();
  Candidate other = candidate("c4", "p1", "l1");
  other.job_id = "j2";
  other.search_text = "轻盈\nstyle=jd\nseed=8";
  candidates.add({other});
  const auto page = candidates.list({}, {.cursor = "", .limit = 3});
  EXPECT_EQ(ids_of(page.items), "c4 c3 c2");
  EXPECT_EQ(ids_of(candidates.list({}, {.cursor = page.next, .limit = 3}).items), "c1");
  CandidateFilter filter;
  filter.words = "style=jd seed=8";
  EXPECT_EQ(ids_of(candidates.list(filter, {}).items), "c4");
  filter = {};
  filter.job_id = "j2";
  EXPECT_EQ(ids_of(candidates.list(filter, {}).items), "c4");
  filter = {};
  filter.kind = CandidateKind::image;
  EXPECT_EQ(ids_of(candidates.list(filter, {}).items), "");
  EXPECT_EQ(ids_of(candidates.find_all({"c2", "nothing", "c1"})), "c2 c1");
}

TYPED_TEST(WritingTest, APickKeepsOrderChoiceEditsAndReason) {
  Pick given = pick("k1", {"c3", "c1"});
  given.order = {"c3", "c1", "c2"};
  given.edits = {{.from = "c1", .to = "better"}};
  given.reason = "语气不对";
  EXPECT_EQ(this->picks().put(given), PutPick::stored);
  const Pick found = *this->picks().find("k1");
  EXPECT_EQ(found.shown_ids, given.shown_ids);
  EXPECT_EQ(found.chosen, given.chosen);
  EXPECT_EQ(found.order, given.order);
  ASSERT_EQ(found.edits.size(), 1u);
  EXPECT_EQ(found.edits[0].from, "c1");
  EXPECT_EQ(found.edits[0].to, "better");
  EXPECT_EQ(found.reason, given.reason);
  EXPECT_EQ(found.user_name, "name of u1 in s1");
  EXPECT_EQ(found.ms, 5400);
  EXPECT_EQ(found.time, at(10));
}

TYPED_TEST(WritingTest, APickPutAgainChangesNothingElse) {
  EXPECT_EQ(this->picks().put(pick("k1", {"c1"})), PutPick::stored);
  EXPECT_EQ(this->picks().put(pick("k1", {"c1"})), PutPick::stored);
  EXPECT_EQ(this->count("SELECT count(*) FROM picks"), 1);
  EXPECT_EQ(this->count("SELECT count(*) FROM shown_candidates"), 3);
}

TYPED_TEST(WritingTest, AnotherChoiceTakesThePlaceOfTheFormer) {
  this->pick_c1();
  EXPECT_EQ(this->picks().put(pick("k1", {"c2"})), PutPick::stored);
  EXPECT_EQ(this->picks().find("k1")->chosen, std::vector<std::string>{"c2"});
  EXPECT_FALSE(this->reviews().find("r1")) << "of what is not chosen any more";
  EXPECT_EQ(this->picks().put(pick("k1", {})), PutPick::stored);
  EXPECT_TRUE(this->picks().find("k1")->chosen.empty());
}

TYPED_TEST(WritingTest, TheNewestApprovalComesFirstWhateverLeftLast) {
  auto reviews = this->reviews();
  const auto approve = [&](const std::string& id) {
    Decision approval = this->decision(DecisionKind::approve);
    approval.review_id = id;
    EXPECT_EQ(reviews.decide(approval), Decided::done) << id;
  };
  for (const char* number : {"1", "2", "3"}) {
    const std::string n(number);
    ASSERT_EQ(this->picks().put(pick("k" + n, {"c1"})), PutPick::stored);
    reviews.open(review("r" + n, "k" + n, "c1"));
  }
  const std::string field = reviews.find("r1")->field;
  EXPECT_TRUE(reviews.newest_approved("p1", field).empty());
  approve("r2");
  approve("r1");
  reviews.set_exported({"r2"}, at(30));
  EXPECT_EQ(reviews.newest_approved("p1", field), (std::vector<std::string>{"r1", "r2"}));
  EXPECT_TRUE(reviews.newest_approved("p1", "no such field").empty());
}

TYPED_TEST(WritingTest, AnotherShownSetIsRefused) {
  this->picks().put(pick("k1", {"c1"}));
  Pick other = pick("k1", {"c1"});
  other.shown_ids = {"c1", "c2", "c3"};
  other.reason = "changed";
  EXPECT_EQ(this->picks().put(other), PutPick::shown_differs);
  EXPECT_EQ(this->picks().find("k1")->reason, "");
}

TYPED_TEST(WritingTest, AnApprovedPickIsClosed) {
  this->pick_c1();
  ASSERT_EQ(this->reviews().decide(this->decision(DecisionKind::approve)), Decided::done);
  EXPECT_EQ(this->picks().put(pick("k1", {"c2"})), PutPick::closed);
  EXPECT_EQ(this->picks().find("k1")->chosen, std::vector<std::string>{"c1"});
}

TYPED_TEST(WritingTest, WrongPicksAreRefusedWhole) {
  auto picks = this->picks();
  Pick twice = pick("k1", {"c1"});
  twice.shown_ids = {"c1", "c1"};
  EXPECT_THROW(picks.put(twice), InvalidInput);
  EXPECT_THROW(picks.put(pick("k1", {"c9"})), InvalidInput);
  Pick edits = pick("k1", {"c1"});
  edits.edits = {{.from = "c2", .to = "x"}};
  EXPECT_THROW(picks.put(edits), InvalidInput);
  Pick unknown = pick("k1", {});
  unknown.shown_ids = {"c1", "c9"};
  EXPECT_THROW(picks.put(unknown), InvalidInput);
  Pick none = pick("k1", {});
  none.shown_ids = {};
  EXPECT_THROW(picks.put(none), InvalidInput);
  EXPECT_EQ(this->count("SELECT count(*) FROM picks"), 0);
}

TYPED_TEST(WritingTest, CandidatesOfAnotherProductAreNoShownSet) {
  this->template of<Products>().put({product("p2", "x")}, at(0));
  this->candidates().add({candidate("d1", "p2", "l1")});
  Pick mixed = pick("k1", {});
  mixed.shown_ids = {"c1", "d1"};
  EXPECT_THROW(this->picks().put(mixed), InvalidInput);
}

TYPED_TEST(WritingTest, PicksAreListedInTheOrderOfTime) {
  for (const auto& [id, seconds] :
       {std::pair("k1", 30.), std::pair("k2", 10.), std::pair("k3", 10.), std::pair("k4", 40.)}) {
    Pick one = pick(id, {"c1"});
    one.time = at(seconds);
    this->picks().put(one);
  }
  const auto page = this->picks().list({}, {.cursor = "", .limit = 2});
  EXPECT_EQ(ids_of(page.items), "k2 k3");
  EXPECT_EQ(page.items[0].shown_ids.size(), 3u);
  const auto rest = this->picks().list({}, {.cursor = page.next, .limit = 2});
  EXPECT_EQ(ids_of(rest.items), "k1 k4");
  EXPECT_EQ(rest.next, "");
  EXPECT_EQ(ids_of(this->picks().list({.from = at(11), .to = at(40)}, {}).items), "k1");
  EXPECT_THROW(this->picks().list({}, {.cursor = "7", .limit = 2}), InvalidInput);
}

TYPED_TEST(WritingTest, ThePickLogIsReadByTraining) {
  Pick edited = pick("k1", {"c1"});
  edited.edits = {{.from = "c1", .to = "better"}};
  edited.order = {"c1", "c3", "c2"};
  this->picks().put(edited);
  this->picks().put(pick("k2", {}));
  std::string lines;
  write_pick_log(this->connection(), "s1", {}, [&](std::string_view line) {
    lines += line;
    lines += '\n';
  });
  const test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "picks.jsonl", lines);
  const auto file = data::read_picks(folder.path() / "picks.jsonl");
  std::string types;
  for (const auto& list : file.lists) types += list.type + " ";
  EXPECT_EQ(types, "choice order edit choice ");
}

TYPED_TEST(WritingTest, TheStateOfTheCopyFollowsFromReviews) {
  EXPECT_EQ(this->product_now().state, CopyState::written);
  this->pick_c1();
  EXPECT_EQ(this->product_now().state, CopyState::pending);
  EXPECT_EQ(this->product_now().copy, "text of c1");
  this->reviews().decide(this->decision(DecisionKind::reject));
  EXPECT_EQ(this->product_now().state, CopyState::rejected);
  EXPECT_EQ(this->product_now().copy, "");
  this->reviews().open(review("r1", "k1", "c1"));
  this->reviews().decide(this->decision(DecisionKind::approve));
  EXPECT_EQ(this->product_now().state, CopyState::approved);
  this->reviews().set_exported({"r1"}, at(30));
  EXPECT_EQ(this->product_now().state, CopyState::exported);
  EXPECT_EQ(this->product_now().copy, "text of c1");
}

TYPED_TEST(WritingTest, AnEditChangesTheTextAndKeepsTheState) {
  this->pick_c1();
  Decision edit = this->decision(DecisionKind::edit);
  edit.text = "edited";
  edit.check_report = "{}";
  EXPECT_EQ(this->reviews().decide(edit), Decided::done);
  const Review found = *this->reviews().find("r1");
  EXPECT_EQ(found.text, "edited");
  EXPECT_EQ(found.text_sha256, sha256_hex("edited"));
  EXPECT_EQ(found.state, ReviewState::pending);
  EXPECT_EQ(found.check_report, "{}");
  EXPECT_EQ(this->reviews().decisions("r1").size(), 1u);
}

TYPED_TEST(WritingTest, ADecisionOnATextThatHasChangedIsRefused) {
  this->pick_c1();
  Decision stale = this->decision(DecisionKind::approve);
  stale.text_sha256 = sha256_hex("what I looked at");
  EXPECT_EQ(this->reviews().decide(stale), Decided::changed);
  stale.text_sha256 = sha256_hex("text of c1");
  EXPECT_EQ(this->reviews().decide(stale), Decided::done);
  EXPECT_EQ(this->reviews().decide(stale), Decided::not_in_state);
  stale.review_id = "nothing";
  EXPECT_EQ(this->reviews().decide(stale), Decided::not_found);
}

TYPED_TEST(WritingTest, AuthorsApproveOnlyWhereTheShopLetsThem) {
  this->pick_c1();
  Decision own = this->decision(DecisionKind::approve);
  own.user_id = "u1";
  EXPECT_EQ(this->reviews().decide(own), Decided::own_work);
  own.own_approval = true;
  EXPECT_EQ(this->reviews().decide(own), Decided::done);
  EXPECT_EQ(this->reviews().find("r1")->reviewer, "name of u1 in s1");
}

TYPED_TEST(WritingTest, WhoeverEditsATextIsOneOfItsAuthors) {
  this->pick_c1();
  Decision edit = this->decision(DecisionKind::edit);
  edit.text = "edited";
  EXPECT_EQ(this->reviews().decide(edit), Decided::done);
  Decision own = this->decision(DecisionKind::approve);
  EXPECT_EQ(this->reviews().decide(own), Decided::own_work);
  EXPECT_EQ(this->reviews().find("r1")->state, ReviewState::pending);
  own.own_approval = true;
  EXPECT_EQ(this->reviews().decide(own), Decided::done);
}

TYPED_TEST(WritingTest, TheQueueIsOldestFirstAndCounted) {
  this->picks().put(pick("k1", {"c1", "c2"}));
  this->reviews().open(review("r1", "k1", "c1"));
  this->reviews().open(review("r2", "k1", "c2"));
  this->reviews().decide(this->decision(DecisionKind::approve));
  EXPECT_EQ(ids_of(this->reviews().list({}, "", {}).items), "r1 r2");
  EXPECT_EQ(ids_of(this->reviews().list(ReviewState::pending, "p1", {}).items), "r2");
  EXPECT_EQ(this->reviews().counts(""), (ReviewStateCounts{1, 1, 0, 0}));
  EXPECT_EQ(this->reviews().find("r1")->product_title, "真丝连衣裙 of s1");
  EXPECT_EQ(this->reviews().set_exported({"r1", "r2"}, at(30)), 1)
      << "only what is approved leaves";
}

TYPED_TEST(WritingTest, AReviewIsOfSomethingShown) {
  this->picks().put(pick("k1", {"c1"}));
  EXPECT_THROW(this->reviews().open(review("r1", "k1", "c9")), InvalidInput);
  EXPECT_THROW(this->reviews().open(review("r1", "k9", "c1")), InvalidInput);
}

TYPED_TEST(WritingTest, PresetsAreKeptByName) {
  auto presets = this->template of<Presets>();
  presets.put({.id = "b", .name = "乙", .factors = "{}"});
  presets.put({.id = "a", .name = "a", .factors = "{}"});
  presets.put({.id = "b", .name = "乙", .factors = "{\"length\":200}"});
  EXPECT_EQ(ids_of(presets.list()), "a b");
  EXPECT_EQ(presets.list().at(1).factors, "{\"length\":200}");
  EXPECT_TRUE(presets.remove("a"));
  EXPECT_FALSE(presets.remove("a"));
}

TYPED_TEST(WritingTest, ABoardKeepsTheOrderOfItsCandidates) {
  auto boards = this->template of<Boards>();
  boards.put({.id = "b1", .name = "秋冬", .candidate_ids = {"c3", "c1"}});
  boards.put({.id = "b2", .name = "empty", .candidate_ids = {}});
  boards.put({.id = "b1", .name = "秋冬主推", .candidate_ids = {"c3", "c2", "c1"}});
  const auto list = boards.list();
  EXPECT_EQ(ids_of(list), "b2 b1");
  EXPECT_EQ(list.at(1).candidate_ids, (std::vector<std::string>{"c3", "c2", "c1"}));
  CandidateFilter filter;
  filter.board_id = "b1";
  EXPECT_EQ(this->candidates().list(filter, {}).items.size(), 3u);
  EXPECT_THROW(boards.put({.id = "b1", .name = "x", .candidate_ids = {"c9"}}), InvalidInput);
  EXPECT_EQ(boards.list().at(1).candidate_ids.size(), 3u) << "nothing half done";
  EXPECT_TRUE(boards.remove("b1"));
  EXPECT_TRUE(this->candidates().find("c1"));
}

}  // namespace
}  // namespace vitrine::store
