// Every repository of one shop, on a database in which the other shop has everything.
#include "store/audit.h"
#include "store/exports.h"
#include "store/imports.h"
#include "store/library.h"
#include "store/models.h"
#include "store/pick_log.h"
#include "store/pick_statistics.h"
#include "store/sessions.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

/// Things of s2 whose ids s1 does not have; "x…" each.
template <typename Place>
class IsolationTest : public StoreTest<Place> {
 protected:
  void SetUp() override {
    StoreTest<Place>::SetUp();
    if (this->IsSkipped()) return;
    add_people();
    add_writing();
    add_work();
  }
  void add_people() {
    auto& c = this->connection();
    Users(c, "s2").add(user("xu"), "hash");
    Sessions(c, "s2").open("secret", "u1", "", at(0), at(60));
    ApiTokens(c, "s2").add({.id = "xt",
                            .user_id = "u1",
                            .name = "",
                            .created_at = at(0),
                            .used_at = {},
                            .expires_at = {}},
                           "token");
    AuditTrail(c, "s2").add({.id = "xa",
                             .time = at(0),
                             .user_name = "",
                             .action = "",
                             .subject = "",
                             .before = "",
                             .after = ""});
    Import import;
    import.id = "xi";
    import.user_id = "u1";
    import.stored_as = "file";
    Imports(c, "s2").add(import, {{.row = 1,
                                   .column = "",
                                   .code = "X",
                                   .severity = Severity::warn,
                                   .value = "",
                                   .product_id = ""}});
    Imports(c, "s2").remember_mapping("h", "{}", at(0));
  }
  void add_writing() {
    auto& c = this->connection();
    Products(c, "s2").put({product("xp", "秘密的裙子")}, at(0));
    Plans(c, "s2").add(plan("xl", "xp"));
    Candidates(c, "s2").add({candidate("xc", "xp", "xl")});
    Pick own = pick("xk", {"xc"});
    own.product_id = "xp";
    own.shown_ids = {"xc"};
    Picks(c, "s2").put(own);
    Review open = review("xr", "xk", "xc");
    open.product_id = "xp";
    Reviews(c, "s2").open(open);
    Presets(c, "s2").put({.id = "xpre", .name = "", .factors = ""});
    Boards(c, "s2").put({.id = "xb", .name = "", .candidate_ids = {"xc"}});
  }
  void add_work() {
    auto& c = this->connection();
    Jobs(c, "s2").add(new_job("xj", "the same key"), {});
    Model model;
    model.id = "xm";
    Models(c, "s2").add_first(model);
    Round round;
    round.id = "xro";
    round.job_id = "xj";
    Rounds(c, "s2").add(round);
    Export record;
    record.id = "xe";
    record.job_id = "xj";
    record.user_id = "u1";
    Exports(c, "s2").add(record);
  }
};
TYPED_TEST_SUITE(IsolationTest, Places, PlaceNames);

TYPED_TEST(IsolationTest, Users) {
  auto users = this->template of<Users>();
  EXPECT_FALSE(users.find("xu"));
  EXPECT_EQ(users.list().size(), 2u);
  EXPECT_FALSE(users.set_role("xu", Role::admin));
  EXPECT_FALSE(users.set_active("xu", false));
  EXPECT_FALSE(users.set_password_hash("xu", "mine"));
  EXPECT_FALSE(users.set_seen("xu", at(1)));
  EXPECT_EQ(this->template of<Users>("s2").find("xu")->role, Role::writer);
  EXPECT_EQ(find_login(this->connection(), "name of xu")->password_hash, "hash");
}

TYPED_TEST(IsolationTest, SessionsAndTokens) {
  EXPECT_FALSE(this->template of<Sessions>().close("secret"));
  EXPECT_THROW(this->template of<Sessions>().open("mine", "xu", "", at(0), at(60)), InvalidInput);
  this->template of<Users>().set_active("u1", false);  // the u1 of s1 alone
  EXPECT_EQ(find_session(this->connection(), "secret", at(1))->shop_id, "s2");
  auto tokens = this->template of<ApiTokens>();
  EXPECT_TRUE(tokens.list("u1").empty());
  EXPECT_FALSE(tokens.remove("u1", "xt"));
  EXPECT_EQ(find_api_token(this->connection(), "token", at(1))->shop_id, "s2");
}

TYPED_TEST(IsolationTest, AuditTrail) {
  EXPECT_TRUE(this->template of<AuditTrail>().list("", {}).items.empty());
}

TYPED_TEST(IsolationTest, Imports) {
  auto imports = this->template of<Imports>();
  EXPECT_FALSE(imports.find("xi"));
  EXPECT_TRUE(imports.findings("xi", {}).items.empty());
  Import import;
  import.id = "xi";
  EXPECT_FALSE(imports.change(import, {}));
  EXPECT_FALSE(imports.set_imported("xi"));
  EXPECT_TRUE(imports.remove_previews(at(100)).empty());
  EXPECT_EQ(imports.mapping_for("h"), "");
  EXPECT_EQ(this->template of<Imports>("s2").findings("xi", {}).items.size(), 1u);
}

TYPED_TEST(IsolationTest, Products) {
  auto products = this->template of<Products>();
  EXPECT_FALSE(products.find("xp"));
  EXPECT_EQ(products.list({}, {}).items.size(), 1u);
  for (const char* words : {"秘密", "秘密的裙子"}) {
    const ProductFilter filter = {.words = words, .category = "", .import_id = "", .state = {}};
    EXPECT_TRUE(products.list(filter, {}).items.empty());
    EXPECT_EQ(products.counts(filter), CopyStateCounts{});
  }
  products.put({product("xp", "mine")}, at(1));
  EXPECT_EQ(this->template of<Products>("s2").find("xp")->title, "秘密的裙子");
}

TYPED_TEST(IsolationTest, Plans) {
  EXPECT_FALSE(this->template of<Plans>().find("xl"));
  EXPECT_THROW(this->template of<Plans>().add(plan("mine", "xp")), InvalidInput);
}

TYPED_TEST(IsolationTest, Candidates) {
  auto candidates = this->template of<Candidates>();
  EXPECT_FALSE(candidates.find("xc"));
  EXPECT_TRUE(candidates.find_all({"xc"}).empty());
  EXPECT_EQ(candidates.list({}, {}).items.size(), 3u);
  CandidateFilter filter;
  filter.board_id = "xb";
  EXPECT_TRUE(candidates.list(filter, {}).items.empty());
  filter = {};
  filter.words = "text of xc";
  EXPECT_TRUE(candidates.list(filter, {}).items.empty());
  EXPECT_THROW(candidates.add({candidate("mine", "p1", "xl")}), InvalidInput);
  EXPECT_THROW(candidates.add({candidate("mine", "xp", "l1")}), InvalidInput);
}

TYPED_TEST(IsolationTest, Picks) {
  auto picks = this->template of<Picks>();
  EXPECT_FALSE(picks.find("xk"));
  EXPECT_TRUE(picks.list({}, {}).items.empty());
  Pick mixed = pick("mine", {});
  mixed.shown_ids = {"c1", "xc"};
  EXPECT_THROW(picks.put(mixed), InvalidInput);
  EXPECT_EQ(picks.put(pick("xk", {"c1"})), PutPick::stored) << "an id of another shop is free";
  EXPECT_EQ(this->template of<Picks>("s2").find("xk")->shown_ids, std::vector<std::string>{"xc"});
  int lines = 0;
  write_pick_log(this->connection(), "s1", {}, [&](std::string_view) { ++lines; });
  EXPECT_EQ(lines, 1);
  EXPECT_EQ(pick_statistics(this->connection(), "s1", {}, 480).requests, 1);
}

TYPED_TEST(IsolationTest, Reviews) {
  auto reviews = this->template of<Reviews>();
  EXPECT_FALSE(reviews.find("xr"));
  EXPECT_TRUE(reviews.list({}, "", {}).items.empty());
  EXPECT_EQ(reviews.counts(""), ReviewStateCounts{});
  EXPECT_TRUE(reviews.decisions("xr").empty());
  EXPECT_EQ(reviews.decide({.review_id = "xr",
                            .user_id = "u2",
                            .kind = DecisionKind::approve,
                            .text = "",
                            .check_report = "",
                            .reason = "",
                            .text_sha256 = "",
                            .own_approval = true,
                            .time = at(1)}),
            Decided::not_found);
  EXPECT_EQ(reviews.set_exported({"xr"}, at(1)), 0);
  EXPECT_THROW(reviews.open(review("mine", "xk", "xc")), InvalidInput);
  EXPECT_EQ(this->template of<Reviews>("s2").find("xr")->state, ReviewState::pending);
}

TYPED_TEST(IsolationTest, PresetsAndBoards) {
  EXPECT_TRUE(this->template of<Presets>().list().empty());
  EXPECT_FALSE(this->template of<Presets>().remove("xpre"));
  auto boards = this->template of<Boards>();
  EXPECT_TRUE(boards.list().empty());
  EXPECT_FALSE(boards.remove("xb"));
  EXPECT_THROW(boards.put({.id = "mine", .name = "", .candidate_ids = {"xc"}}), InvalidInput);
  EXPECT_EQ(this->template of<Boards>("s2").list().at(0).candidate_ids.size(), 1u);
}

TYPED_TEST(IsolationTest, Jobs) {
  auto jobs = this->template of<Jobs>();
  EXPECT_FALSE(jobs.find("xj"));
  EXPECT_TRUE(jobs.list({}, {}).items.empty());
  EXPECT_EQ(jobs.cancel("xj", at(1)), ChangedJob::not_found);
  EXPECT_EQ(jobs.resume("xj"), ChangedJob::not_found);
  EXPECT_EQ(jobs.set_priority("xj", JobPriority::low), ChangedJob::not_found);
  JobLimits limits;
  limits.max_of_user = 1;
  EXPECT_EQ(jobs.add(new_job("j", "the same key"), limits).outcome, AddedJob::Outcome::added)
      << "keys and quotas are of each shop";
  constexpr JobKind kWrite[] = {JobKind::write};
  const auto claim = JobQueue(this->connection()).claim("w", kWrite, at(1));
  EXPECT_EQ(claim->shop_id + claim->job.id, "s2xj") << "workers serve all shops";
}

TYPED_TEST(IsolationTest, ModelsRoundsAndExports) {
  auto models = this->template of<Models>();
  EXPECT_FALSE(models.find("xm"));
  EXPECT_FALSE(models.serving(ModelKind::copy));
  EXPECT_TRUE(models.list().empty());
  EXPECT_FALSE(models.set_gate("xm", true, ""));
  EXPECT_EQ(models.promote("xm", at(1)), Promoted::not_found);
  EXPECT_FALSE(models.roll_back("xm", at(1)));
  Round round;
  round.id = "xro";
  round.job_id = "xj";
  EXPECT_THROW(this->template of<Rounds>().add(round), InvalidInput);
  EXPECT_FALSE(this->template of<Rounds>().change(round));
  EXPECT_TRUE(this->template of<Rounds>().list().empty());
  EXPECT_FALSE(this->template of<Exports>().find("xe"));
  EXPECT_TRUE(this->template of<Exports>().list().empty());
}

}  // namespace
}  // namespace vitrine::store
